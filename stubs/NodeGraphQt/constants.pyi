from enum import Enum

Z_VAL_PIPE: int
Z_VAL_NODE: int

class LayoutDirectionEnum(Enum):
    HORIZONTAL = 0
    VERTICAL = 1

class PortTypeEnum(Enum):
    IN = "in"
    OUT = "out"
