"""What the libraries' own metadata leaves open: licences without an SPDX name, missing texts, what lies inside their wheels.

Each row was read in the library's own words. `parts` refuses what is neither in the metadata nor here.
"""

from typing import Final

# The old "License" field, as it is written, and what it means in SPDX's words.
LICENCE_WORDS: Final = {
    "Apache 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD-3-Clause": "BSD-3-Clause",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "BSD license (see license.txt for details), Copyright (c) 2000-2025, ReportLab Inc.": "BSD-3-Clause",
    "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only": "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
    "LGPLv2+": "LGPL-2.1-or-later",
    "LGPLv3": "LGPL-3.0-only",
    "MIT": "MIT",
    "MPL-2.0": "MPL-2.0",
    "PSF-2.0": "PSF-2.0",
}

# Wheels without a text of their licence, and which of ours in texts/ is theirs.
LICENCE_TEXTS: Final = {
    "pyside6-essentials": ("LGPL-3.0.txt", "GPL-3.0.txt"),
    "shiboken6": ("LGPL-3.0.txt", "GPL-3.0.txt"),
}

# Compiled into wheels that bring no bill of their own: name, licence, and where the version stands ("" where it stands nowhere):
# FILE:PATTERN, the pattern's first group.
INSIDE: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "lxml": (
        ("libxml2", "MIT", r'lxml/includes/libxml/xmlversion.h:LIBXML_DOTTED_VERSION "([\d.]+)"'),
        ("libxslt", "MIT", r'lxml/includes/libxslt/xsltconfig.h:LIBXSLT_DOTTED_VERSION "([\d.]+)"'),
        ("libexslt", "MIT", r'lxml/includes/libexslt/exsltconfig.h:LIBEXSLT_DOTTED_VERSION "([\d.]+)"'),
        ("libiconv", "LGPL-2.1-or-later", ""),
        ("zlib", "Zlib", r'lxml/includes/extlibs/zlib.h:ZLIB_VERSION "([\d.]+)"'),
    ),
    "pypdfium2": (("pdfium", "BSD-3-Clause AND Apache-2.0", r'pypdfium2_raw/version.json:"build": (\d+)'),),
    "pyside6-essentials": (
        ("qt", "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", "="),
        ("icu", "Unicode-3.0", r"PySide6/Qt/lib/:libicudata\.so\.(\d+)"),
        ("freetype", "FTL OR GPL-2.0-only", ""),
        ("harfbuzz", "MIT", ""),
        ("libjpeg-turbo", "IJG AND BSD-3-Clause AND Zlib", ""),
        ("libpng", "libpng-2.0", ""),
        ("pcre2", "BSD-3-Clause", ""),
        ("zlib", "Zlib", ""),
    ),
    "cffi": (("libffi", "MIT", ""),),
    "reportlab": (
        ("bitstream-vera-fonts", "Bitstream-Vera", ""),
        ("darkgarden-font", "GPL-2.0-or-later WITH Font-exception-2.0", ""),
    ),
}

# Shared libraries that the wheels' builders put beside the wheel's own (folders NAME.libs), where no bill names them, and those that
# lie beside the interpreter in our packages.
LIBRARY_FILES: Final = {
    "libb2": ("libb2", "CC0-1.0"),
    "libbz2": ("bzip2", "bzip2-1.0.6"),
    "libcrypto": ("openssl", "Apache-2.0"),
    "libexpat": ("expat", "MIT"),
    "libffi": ("libffi", "MIT"),
    "libgomp": ("gcc-runtime", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libmpdec": ("mpdecimal", "BSD-2-Clause"),
    "libssl": ("openssl", "Apache-2.0"),
    "libsqlite3": ("sqlite", "blessing"),
    "libuuid": ("libuuid", "BSD-3-Clause"),
    "libavif": ("libavif", "BSD-2-Clause"),
    "libbrotlicommon": ("brotli", "MIT"),
    "libbrotlidec": ("brotli", "MIT"),
    "libfreetype": ("freetype", "FTL OR GPL-2.0-only"),
    "libharfbuzz": ("harfbuzz", "MIT"),
    "libjpeg": ("libjpeg-turbo", "IJG AND BSD-3-Clause AND Zlib"),
    "liblcms2": ("lcms2", "MIT"),
    "liblzma": ("xz", "0BSD"),
    "libopenjp2": ("openjpeg", "BSD-2-Clause"),
    "libpng16": ("libpng", "libpng-2.0"),
    "libsharpyuv": ("libwebp", "BSD-3-Clause"),
    "libtiff": ("libtiff", "libtiff"),
    "libwebp": ("libwebp", "BSD-3-Clause"),
    "libwebpdemux": ("libwebp", "BSD-3-Clause"),
    "libwebpmux": ("libwebp", "BSD-3-Clause"),
    "libXau": ("libXau", "MIT-open-group"),
    "libxcb": ("libxcb", "X11"),
    "libz": ("zlib", "Zlib"),
    "libzstd": ("zstd", "BSD-3-Clause"),
}

# Whose file names tell the version; those of the others count something else.
VERSIONS_BY_SONAME: Final = {
    "brotli": (r"(.+)", r"\1"),
    "libpng": (r"16\.(\d+)\.0", r"1.6.\1"),
    "xz": (r"(.+)", r"\1"),
    "zstd": (r"(.+)", r"\1"),
}

# Named by a wheel's own bill as optional, and not in the wheel (a test asks the library itself).
NOT_INSIDE: Final = {"pillow": frozenset({"libimagequant", "FriBiDi"})}

# Named by a wheel's own bill without a licence.
LICENCES_OF_INSIDE: Final = {"openssl": "Apache-2.0", "libXau": "MIT-open-group"}

# What may be shipped: all of it lets us distribute the whole under Apache-2.0 beside it. LGPL libraries stay files of their own that
# anybody can replace.
LICENCES_ALLOWED: Final = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "Bitstream-Vera",
        "CC0-1.0",
        "FTL",
        "GPL-2.0-or-later WITH Font-exception-2.0",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "HPND",
        "IJG",
        "ISC",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MIT-open-group",
        "MPL-2.0",
        "OpenSSL",
        "PSF-2.0",
        "Python-2.0",
        "Unicode-3.0",
        "Unlicense",
        "X11",
        "Zlib",
        "blessing",
        "bzip2-1.0.6",
        "libpng-2.0",
        "libtiff",
    }
)
