import hashlib
import io
import struct

from PIL import Image, ImageCms

from agent.drawing import card_profile


def test_the_profile_is_read_by_others_as_srgb():
    profile = ImageCms.getOpenProfile(io.BytesIO(card_profile.profile()))
    assert ImageCms.getProfileDescription(profile).strip() == "sRGB IEC61966-2.1"
    assert profile.profile.xcolor_space.strip() == "RGB"
    assert profile.profile.device_class.strip() == "mntr"


def test_colours_go_through_it_as_through_the_srgb_of_others():
    ours = ImageCms.getOpenProfile(io.BytesIO(card_profile.profile()))
    theirs = ImageCms.createProfile("sRGB")
    image = Image.new("RGB", (256, 3))
    image.putdata([(value, 255 - value, (value * 7) % 256) for value in range(256)] * 3)
    converted = ImageCms.profileToProfile(image, ours, theirs)
    pairs = zip(image.tobytes(), converted.tobytes(), strict=True)
    assert max(abs(before - after) for before, after in pairs) <= 1


def test_the_header_says_its_size_and_every_tag_lies_within():
    profile = card_profile.profile()
    assert struct.unpack(">I", profile[:4])[0] == len(profile)
    assert profile[36:40] == b"acsp"
    (count,) = struct.unpack(">I", profile[128:132])
    tags = [struct.unpack(">4sII", profile[132 + 12 * n : 144 + 12 * n]) for n in range(count)]
    assert count == 9
    assert all(start % 4 == 0 and start + size <= len(profile) for _, start, size in tags)


def test_the_profile_is_the_same_everywhere():
    assert hashlib.sha256(card_profile.profile()).hexdigest().startswith("a8bd8bb9a0739195")
