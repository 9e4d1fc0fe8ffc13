"""Captions for scenes in Chinese, of the same scenes and with the same things told as those in `captions`."""

import numpy as np

from training.data.captions import Caption
from training.data.scenes import Scene

SUBJECTS: dict[str, tuple[str, str]] = {
    "star": ("颗", "星星"),
    "heart": ("颗", "爱心"),
    "flower": ("朵", "花"),
    "fish": ("条", "鱼"),
    "house": ("座", "房子"),
    "tree": ("棵", "树"),
    "moon": ("轮", "月亮"),
    "mushroom": ("朵", "蘑菇"),
    "cup": ("个", "杯子"),
    "cat": ("只", "猫"),
    "sun": ("个", "太阳"),
    "cloud": ("朵", "云"),
    "leaf": ("片", "叶子"),
    "boat": ("艘", "船"),
    "butterfly": ("只", "蝴蝶"),
}
"""The measure word, and the word."""
COLOURS: dict[str, str] = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "cyan": "青色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
}
BACKGROUNDS: dict[str, str] = {
    "white": "白色",
    "gray": "灰色",
    "black": "黑色",
    "beige": "米色",
    "blue": "蓝色",
    "green": "绿色",
    "pink": "粉色",
}
STYLES: dict[str, str] = {"shaded": "立体", "flat": "扁平", "outlined": "描边"}
PLACES: dict[str, tuple[str, ...]] = {
    "center": ("中间", "中央"),
    "left": ("左边", "左侧"),
    "right": ("右边", "右侧"),
    "top": ("上方", "顶部"),
    "bottom": ("下方", "底部"),
}
BARE_SHARE, WITHOUT_DE_SHARE, CENTRE_TOLD_SHARE = 0.25, 0.4, 0.12

_WITH_BACKGROUND = (
    "{subject}，{background}背景",
    "{subject}，{background}背景",
    "{background}背景上的{subject}",
    "{background}背景，{subject}",
    "{subject}，背景是{background}",
    "{subject}在{background}背景上",
)
_WITH_PLACE = ("{subject}在{place}", "{subject}在{place}", "{place}的{subject}", "{place}有{subject}")

GLOSSES: dict[str, str] = {
    **{noun: word for word, (_, noun) in SUBJECTS.items()},
    **{f"一{measure}": "a" for measure, _ in SUBJECTS.values()},
    **{chinese: word for word, chinese in {**BACKGROUNDS, **COLOURS, **STYLES}.items()},
    **{chinese: word for word, wordings in PLACES.items() for chinese in wordings},
    "背景": "background",
    "背景上": "background",
    "背景是": "on",
    "在": "on",
    "有": "a",
    "的": "very",
    "，": ",",
}
"""Each word of the captions, and the English word as which an encoder of English reads it."""


def write(scene: Scene, told: frozenset[str], rng: np.random.Generator) -> Caption:
    """A caption that tells the subject and what is in ``told`` (colour, background, style), in one of many wordings."""
    return _in_words(scene, told, "", rng)


def write_placed(scene: Scene, told: frozenset[str], rng: np.random.Generator) -> Caption:
    """The same with the subject's place, which is always told unless it is the middle."""
    is_told = scene.place != "center" or rng.random() < CENTRE_TOLD_SHARE
    wordings = PLACES[scene.place]
    return _in_words(scene, told, wordings[int(rng.integers(len(wordings)))] if is_told else "", rng)


def _in_words(scene: Scene, told: frozenset[str], place: str, rng: np.random.Generator) -> Caption:
    measure, noun = SUBJECTS[scene.subject]
    adjectives = ([COLOURS[scene.colour]] if "colour" in told else []) + (
        [STYLES[scene.style]] if "style" in told else []
    )
    words = "的".join([*adjectives, noun])
    if adjectives and rng.random() < WITHOUT_DE_SHARE:
        words = "".join([*adjectives, noun])
    subject = words if rng.random() < BARE_SHARE else f"一{measure}{words}"
    if place:
        subject = _WITH_PLACE[int(rng.integers(len(_WITH_PLACE)))].format(subject=subject, place=place)
    if "background" not in told:
        return Caption(subject, told)
    patterns = [one for one in _WITH_BACKGROUND if not place or "，" in one]
    pattern = patterns[int(rng.integers(len(patterns)))]
    return Caption(pattern.format(subject=subject, background=BACKGROUNDS[scene.background]), told)


def words() -> set[str]:
    """Every word that a caption without a place may hold."""
    measured = {f"一{measure}" for measure, _ in SUBJECTS.values()}
    nouns = {noun for _, noun in SUBJECTS.values()}
    others = {"背景", "背景上", "背景是", "的", "在", "，"}
    return measured | nouns | others | {*COLOURS.values(), *BACKGROUNDS.values(), *STYLES.values()}


def placed_words() -> set[str]:
    """Every word that a caption may hold."""
    return set(GLOSSES)
