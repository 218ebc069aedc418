#!/bin/bash
# python-tuf, the reference implementation of The Update Framework, both ways through nginx: tuf-client fetches from a
# repository that it wrote, with keys of each kind, a root of 2 of 3, and delegations; its client fetches from one that
# mkdelta wrote, and follows rotation and revocation.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/support/newer.sh
. "$top/tests/support/newer.sh"
newer_debian python3-tuf python3-securesystemslib
export PYTHONPATH=$newer_root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
python_tuf() { /usr/bin/python3 "$top/tests/interop/python_tuf.py" "$@"; }
cd "$w"
mkdir www
http_start "$w/nginx" "$w/www"

python_tuf write www/python
client() { # NAME
	"$BUILD/tests/tuf-client" --metadata-dir trusted --metadata-url "${http_url}python/metadata" --target-name "$1" \
		--target-dir got --target-base-url "${http_url}python/targets" download
}
mkdir trusted got
"$BUILD/tests/tuf-client" --metadata-dir trusted init www/python/metadata/1.root.json
for name in top.txt team/app/1.txt bin.txt; do client $name; done
[ "$(cat got/* | sort | tr '\n' ' ')" = "by the hash of its path of the top level two delegations down " ] || fail "what was got"
if client team/other.txt 2>"$w/err"; then fail "a target outside of its delegation"; fi
pass "tuf-client, from a repository of python-tuf"

for key in a b c d; do mkdelta key new $key -q; done
mkdelta key new rsa --type rsa -q
openssl genpkey -algorithm ED25519 -out ed
openssl pkey -in ed -pubout -out ed.pub
sign=(--key ed.pub --sign-command 'cat >message && openssl pkeyutl -sign -rawin -inkey ed -in message' -q)
follow() { # NAME FILE
	python_tuf get device "${http_url}mkdelta/" "$1" >got.txt
	same "$(cat got.txt)" "$2"
}
mkdelta repo init www/mkdelta --root-key a --root-key rsa --root-key c -t root:2 --targets-key rsa --snapshot-key ed.pub \
	--timestamp-key d "${sign[@]}"
seq 3000 >v1
seq 3001 >v2
mkdelta repo publish www/mkdelta dir/app v1 --key rsa --key d "${sign[@]}"
mkdir device
cp www/mkdelta/metadata/1.root.json device/root.json
follow dir/app v1
mkdelta repo publish www/mkdelta dir/app v2 --key rsa --key d "${sign[@]}"
follow dir/app v2
delta=$(jq -r '.signed.targets | keys[] | select(startswith("deltas"))' "$(find www/mkdelta/metadata -name '*.targets.json' | sort -V | tail -n 1)")
follow "$delta" "$(find www/mkdelta/targets -name '*.rill')"
pass "python-tuf's client, from a repository of mkdelta: ECDSA, RSA, Ed25519, root 2 of 3"
mkdelta repo rotate www/mkdelta targets --add b --remove rsa --key a --key c --key rsa --key b --key d "${sign[@]}"
mkdelta repo revoke www/mkdelta d --add a --key a --key c --key b "${sign[@]}"
mkdelta repo publish www/mkdelta dir/app v1 --key b --key a "${sign[@]}"
follow dir/app v1
pass "it follows a rotation and a revocation"
