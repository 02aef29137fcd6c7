"""Names of container images: do they say exactly which image is meant?"""

from fairlead.agents.builtin.security.located import shortened


def judge_image(image: str) -> tuple[str, str] | None:
    """The rule and message for an image by name, or None if it names its exact content or nothing is known."""
    if not image or image == "scratch" or any(mark in image for mark in "${<") or "@sha256:" in image:
        return None
    _, colon, tag = image.rpartition(":")
    if not colon or "/" in tag:
        return "security/image-latest", f"`{shortened(image)}` names no version, so each build may get another one."
    if tag == "latest":
        return "security/image-latest", f"`{shortened(image)}` is whatever was published last."
    return "security/image-without-digest", f"The tag of `{shortened(image)}` can be moved to another image."
