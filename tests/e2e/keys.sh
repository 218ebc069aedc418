#!/bin/bash
# Keys of other tools, encrypted keys, and signatures by a command: openssl stands for a KMS, SoftHSM
# (through OpenSSL's pkcs11 engine) for an HSM.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$w"
echo "correct horse" >word
echo "battery staple" >other
id_of() { mkdelta key show "$@" --json | jq -r .keyid; }

mkdelta key new k -q
id=$(id_of k)
openssl pkcs8 -topk8 -nocrypt -in k -out k.pkcs8
openssl ec -in k -aes256 -passout file:word -out k.sec1 2>/dev/null
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout file:word -in k -out k.aes256
openssl pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA512 -passout file:word -in k -out k.aes128
openssl pkcs8 -topk8 -v2 aes-192-cbc -v2prf hmacWithSHA1 -passout file:word -in k -out k.aes192
openssl pkey -in k -outform DER -out k.der
openssl pkey -in k -pubout -out k.pub
for file in k.pkcs8 k.der k.pub; do
	[ "$(id_of $file)" = "$id" ] || fail "$file"
done
for file in k.sec1 k.aes256 k.aes128 k.aes192; do
	[ "$(id_of $file -p word)" = "$id" ] || fail "$file"
	[ "$(id_of $file -p other -p word)" = "$id" ] || fail "$file, with two passphrases"
	[ "$(MKDELTA_PASSPHRASE='correct horse' id_of $file)" = "$id" ] || fail "$file, from the environment"
	expect 2 "has not its passphrase" mkdelta key show $file -p other
done
openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout file:word -in k -out k.pbes1 2>/dev/null
expect 11 "encrypted in a way that is not known" mkdelta key show k.pbes1 -p word
pass "keys of openssl, encrypted or not"

for type in p256 rsa; do
	mkdelta key new $type.sealed --type $type --encrypt word -q
	grep -q "ENCRYPTED PRIVATE KEY" $type.sealed || fail "not encrypted"
	openssl pkey -in $type.sealed -passin file:word -pubout -out $type.pub || fail "openssl does not open it"
	[ "$(id_of $type.sealed -p word)" = "$(id_of $type.pub)" ] || fail "openssl reads another key"
	expect 2 passphrase mkdelta key show $type.sealed
done
mkdelta key import k.aes256 k.again -p word --encrypt other -q
[ "$(id_of k.again -p other)" = "$id" ] || fail "import"
[ "$(stat -c %a k.again)" = 600 ] || fail "the key can be read by others"
mkdelta key import k.again k.public --public -p other -q
[ "$(mkdelta key show k.public --json | jq -r '"\(.keyid) \(.private)"')" = "$id false" ] || fail "import --public"
expect 2 "never written over" mkdelta key import k k.again
expect 2 "neither p256 nor rsa" mkdelta key new x --type dsa
pass "encrypted keys, and openssl opens them"

head -c 5000 /dev/urandom >file
ecdsa="openssl dgst -sha256 -sign k"
mkdelta repo init r --key k.pub --sign-command "$ecdsa" -q
mkdelta repo publish r app file --key k.pub --sign-command "$ecdsa" -q
mkdelta repo check r -q
pss='openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -passin file:word -sign rsa.sealed'
mkdelta repo init r2 --key rsa.pub --sign-command "$pss" -q
mkdelta repo publish r2 app file --key rsa.pub --sign-command "$pss" -q
mkdelta repo check r2 -q
openssl genpkey -algorithm ED25519 -out ed
openssl pkey -in ed -pubout -out ed.pub
[ "$(mkdelta key show ed.pub --json | jq -r .key.keyval.public)" = "$(openssl pkey -pubin -in ed.pub -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')" ] ||
	fail "an Ed25519 key"
mkdelta key import ed.pub ed.again -q
same ed.pub ed.again
# shellcheck disable=SC2016  # expanded by the shell that signs; openssl wants a file for Ed25519
mkdelta repo init r3 --key ed.pub --sign-command 'cat >m && openssl pkeyutl -sign -rawin -inkey ed -in m' -q
mkdelta repo check r3 -q
expect 7 "a signature is wrong" mkdelta repo publish r app file --key k.pub --sign-command 'openssl dgst -sha256 -sign p256.sealed -passin file:word'
expect 3 "exit status 5" mkdelta repo publish r app file --key k.pub --sign-command 'exit 5'
expect 2 "sign-command" mkdelta repo publish r app file --key k.pub
mkdelta repo check r -q
pass "signatures by a command: ECDSA, RSA-PSS, Ed25519"

engine=$(find /usr/lib -name pkcs11.so -path '*engines*' -print -quit)
module=$(find /usr/lib -name libsofthsm2.so -print -quit)
if [ -z "$engine" ] || [ -z "$module" ]; then fail "SoftHSM or the pkcs11 engine is not installed"; fi
mkdir tokens
echo "directories.tokendir = $w/tokens" >softhsm.conf
export SOFTHSM2_CONF=$w/softhsm.conf PKCS11_MODULE_PATH=$module
softhsm2-util --init-token --free --label rill --pin 1234 --so-pin 5678 >hsm.log
pkcs11-tool --module "$module" --token-label rill --login --pin 1234 --keypairgen --key-type EC:prime256v1 \
	--label release --id 01 >>hsm.log 2>&1
pkcs11-tool --module "$module" --token-label rill --read-object --type pubkey --id 01 --output-file hsm.der >>hsm.log 2>&1
mkdelta key import hsm.der hsm.pub -q
hsm='openssl dgst -engine pkcs11 -keyform engine -sha256 -sign "pkcs11:token=rill;object=release;type=private;pin-value=1234" 2>>hsm.err'
mkdelta repo init r4 --key hsm.pub --sign-command "$hsm" -q
mkdelta repo publish r4 app file --key hsm.pub --sign-command "$hsm" -q
mkdelta repo check r4 -q
pass "a key in SoftHSM signs"
