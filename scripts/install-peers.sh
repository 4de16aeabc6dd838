#!/usr/bin/env bash
# Puts what tests compare with or drive, and Debian has no package of, into .build/peers, from PyPI: pymerkle for proofs, selenium and axe for
# pages, schemathesis for the interface, aiosmtpd for mail.
set -euo pipefail
cd "$(dirname "$0")/.."
peers=.build/peers
want="pymerkle==7.0.0 selenium==4.51.0 schemathesis==4.32.5 aiosmtpd==1.4.6 axe-playwright-python==0.1.8"
[ "$(cat "$peers/installed" 2>/dev/null)" = "$want" ] && exit 0
python3 -m venv "$peers"
# axe comes inside a package for another browser driver, which is not needed.
"$peers/bin/pip" install --quiet --disable-pip-version-check ${want% axe*}
"$peers/bin/pip" install --quiet --disable-pip-version-check --no-deps "axe${want##* axe}"
echo "$want" >"$peers/installed"
