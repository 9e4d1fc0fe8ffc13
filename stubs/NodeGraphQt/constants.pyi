from enum import Enum

Z_VAL_PIPE: int

class PortTypeEnum(Enum):
    IN = "in"
    OUT = "out"
