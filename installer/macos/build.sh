#!/bin/bash
# Makes dist/qalamsap-VERSION.pkg. On a Mac, with Xcode's command line tools. Untested: nothing of ours runs macOS.
#
#     PYTHON=cpython-3.12.x-macos.tar.gz PYTHON_SHA256=… ./installer/macos/build.sh
#
# PYTHON is an interpreter that can be moved (an "install_only" archive of python-build-standalone), held against its SHA-256.
# To sign:       SIGN_APP="Developer ID Application: …"  SIGN_PKG="Developer ID Installer: …"
# To notarise:   NOTARY_PROFILE=…  (made once with `xcrun notarytool store-credentials`)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

: "${PYTHON:?the archive of an interpreter}" "${PYTHON_SHA256:?its SHA-256}"
echo "$PYTHON_SHA256  $PYTHON" | shasum -a 256 -c -

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$source/pyproject.toml")
root=$work/root
app=$root/Applications/Qalamsap.app
# Not in the application: what root runs, and what every person runs, lies where administrators can't write without a password.
place=/Library/Application\ Support/qalamsap
home=$root$place
runtime=$home/runtime
mkdir -p "$runtime" "$app/Contents/MacOS" "$app/Contents/Resources" "$root/Library/LaunchAgents" "$root/Library/LaunchDaemons" "$source/dist"

# The interpreter, once for each kind of process (agent/programs.py), and our code with all that it needs.
tar -xzf "$PYTHON" -C "$runtime" --strip-components 1
minor=$("$runtime/bin/python3" -c 'import sys; print(f"3.{sys.version_info.minor}")')
"$runtime/bin/python3" -m pip install --no-compile --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
    --requirement "$source/installer/libraries.lock"
"$runtime/bin/python3" -m pip install --no-compile --disable-pip-version-check --no-deps "$source"
"$runtime/bin/python3" -m pip check
for kind in agent worker renderer window desk icon broker; do
    cp "$runtime/bin/python$minor" "$runtime/bin/qalamsap-$kind"
done
# Designer and its like would be components of their own, which Installer looks for all over the disk.
find "$runtime" -name '*.app' -prune -exec rm -rf {} +
rm -rf "$runtime/include" "$runtime/share" "$runtime/lib/python$minor/test" "$runtime/lib/python$minor/idlelib"
find "$runtime" -name __pycache__ -prune -exec rm -rf {} +
find "$runtime/bin" -type f ! -name 'qalamsap*' ! -name "python$minor" -delete
printf '#!/bin/sh\nexec "%s" -I -m agent "$@"\n' \
    "$place/runtime/bin/qalamsap-agent" >"$runtime/bin/qalamsap"
chmod 755 "$runtime/bin/qalamsap"
echo pkg >"$runtime/qalamsap-package"

sed "s/@VERSION@/$version/" "$here/Info.plist" >"$app/Contents/Info.plist"
clang -Os -Wall -Werror -arch arm64 -arch x86_64 -mmacosx-version-min=12.0 \
    -o "$app/Contents/MacOS/Qalamsap" "$here/launcher.c"
install -m 755 "$here/uninstall" "$home/uninstall"
install -m 644 "$here/scripts/places" "$home/places"
install -m 644 "$here/kz.qalamsap.agent.plist" "$root/Library/LaunchAgents/"
install -m 644 "$here/kz.qalamsap.trust-renew.plist" "$root/Library/LaunchDaemons/"
find "$root" \( -name '*.plist' -o -name Info.plist \) -exec plutil -lint -s {} +
# Whatever this builder's umask is. `--ownership recommended` below gives all of it to root.
chmod -R go-w "$root"

# Signed from the inside out, with the hardened runtime: what notarisation wants. No entitlement is needed.
if [ -n "${SIGN_APP:-}" ]; then
    find "$runtime" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -u+x \) -print0 |
        while IFS= read -r -d '' file; do
            if file -b "$file" | grep -q '^Mach-O'; then
                codesign --force --timestamp --options runtime --sign "$SIGN_APP" "$file"
            fi
        done
    codesign --force --timestamp --options runtime --sign "$SIGN_APP" "$app"
    codesign --verify --deep --strict "$app"
fi

pkgbuild --root "$root" --component-plist "$here/components.plist" --scripts "$here/scripts" \
    --identifier kz.qalamsap.pkg --version "$version" --ownership recommended "$work/qalamsap-component.pkg"
# Only where what is inside runs.
architectures=$(lipo -archs "$runtime/bin/python$minor" | tr ' ' ',')
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURES@/$architectures/" "$here/distribution.xml" >"$work/distribution.xml"
package=$source/dist/qalamsap-$version.pkg
set -- --distribution "$work/distribution.xml" --package-path "$work"
if [ -n "${SIGN_PKG:-}" ]; then
    set -- "$@" --timestamp --sign "$SIGN_PKG"
fi
productbuild "$@" "$package"

if [ -n "${NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$package" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$package"
    spctl --assess --type install --verbose "$package"
fi
echo "$package"
