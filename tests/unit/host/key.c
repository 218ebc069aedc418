/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "host/key.h"
#include "protocol/json.h"
#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct key_access no_access;

static enum rill_code verify(const struct key *key, const uint8_t *digest, const uint8_t *signature,
			     size_t n, struct rill_error *error)
{
	uint8_t key_sha256[RILL_SHA256_SIZE];

	const struct rill_public_key public = {"ecdsa", "ecdsa-sha2-nistp256", key->public_value};
	struct rill_message message = {.n = 0};

	memcpy(message.sha256, digest, sizeof message.sha256);
	return rill_signature_verify(&public, &message, signature, n, key_sha256, error);
}

/* Of what has this hash. */
static enum rill_code sign(struct key *key, const uint8_t *digest, uint8_t *signature, size_t *n,
			   struct rill_error *error)
{
	struct rill_message message = {.n = 0};

	memcpy(message.sha256, digest, sizeof message.sha256);
	return key_sign(key, &message, signature, n, error);
}

static void what_a_key_signs_verifies(void **state)
{
	struct key key;
	uint8_t digest[RILL_SHA256_SIZE], signature[RILL_SIGNATURE_MAX];
	struct rill_error error;
	size_t n = 0;

	assert_ok(key_new(&key, folder_path(*state, "key.pem"), KEY_P256, NULL, &error), &error);
	rill_sha256("a message", 9, digest);
	assert_ok(sign(&key, digest, signature, &n, &error), &error);
	assert_in_range(n, 60, 80);
	assert_ok(verify(&key, digest, signature, n, &error), &error);
	digest[0] ^= 1;
	assert_fails(verify(&key, digest, signature, n, &error), RILL_SECURITY, &error, "wrong");
	digest[0] ^= 1;
	signature[n - 1] ^= 1;
	assert_fails(verify(&key, digest, signature, n, &error), RILL_SECURITY, &error, "wrong");
	key_close(&key);
}

static void a_key_that_is_read_is_the_one_that_was_made(void **state)
{
	const char *path = folder_path(*state, "key.pem");
	struct key made, read, other;
	uint8_t digest[RILL_SHA256_SIZE] = {1}, signature[RILL_SIGNATURE_MAX];
	struct rill_error error;
	size_t n;

	assert_ok(key_new(&made, path, KEY_P256, NULL, &error), &error);
	assert_ok(key_open(&read, path, &no_access, &error), &error);
	assert_string_equal(made.public_value, read.public_value);
	assert_string_equal(made.id, read.id);
	assert_ok(sign(&read, digest, signature, &n, &error), &error);
	assert_ok(verify(&made, digest, signature, n, &error), &error);
	assert_ok(key_new(&other, folder_path(*state, "other.pem"), KEY_P256, NULL, &error),
		  &error);
	assert_string_not_equal(made.id, other.id);
	assert_fails(verify(&other, digest, signature, n, &error), RILL_SECURITY, &error, "");
	key_close(&made);
	key_close(&read);
	key_close(&other);
}

static void its_file_is_for_its_owner_alone(void **state)
{
	const char *path = folder_path(*state, "key.pem");
	struct key key;
	struct rill_error error;
	mode_t mask = umask(0);

	assert_ok(key_new(&key, path, KEY_P256, NULL, &error), &error);
	umask(mask);
	assert_int_equal(mode_of(path), 0600);
	key_close(&key);
}

static void a_file_that_exists_is_never_written_over(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "key.pem");
	struct key key;
	struct rill_error error;

	put_file(path, "precious", 8);
	assert_fails(key_new(&key, path, KEY_P256, NULL, &error), RILL_USAGE, &error, path);
	key_close(&key);
	assert_file(path, "precious", 8);
	assert_int_equal(count_files(folder->path), 1);
}

static void the_keyid_is_the_hash_of_the_canonical_key(void **state)
{
	struct key key;
	struct rill_error error;
	struct rill_json json;
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];
	cJSON *object;
	char *text;

	assert_ok(key_new(&key, folder_path(*state, "key.pem"), KEY_P256, NULL, &error), &error);
	object = key_to_tuf(&key);
	text = cJSON_Print(object);
	assert_non_null(text);
	assert_ok(rill_json_parse(&json, text, strlen(text), 32, &error), &error);
	assert_string_equal(
		rill_json_string(
			&json, rill_json_get(&json, rill_json_get(&json, RILL_JSON_ROOT, "keyval"),
					     "public")),
		key.public_value);
	rill_json_canonical_sha256(&json, RILL_JSON_ROOT, digest);
	rill_hex(digest, sizeof digest, hex);
	assert_string_equal(hex, key.id);
	rill_json_free(&json);
	cJSON_free(text);
	cJSON_Delete(object);
	key_close(&key);
}

static void a_file_that_is_no_key_is_named(void **state)
{
	const char *path = folder_path(*state, "key.pem");
	struct key key;
	struct rill_error error;

	put_file(path, "not a key at all", 16);
	assert_fails(key_open(&key, path, &no_access, &error), RILL_IO, &error, path);
	key_close(&key);
	put_file(path, "", 0);
	assert_fails(key_open(&key, path, &no_access, &error), RILL_IO, &error, path);
	key_close(&key);
	assert_fails(key_open(&key, folder_path(*state, "none"), &no_access, &error), RILL_IO,
		     &error, "none");
	key_close(&key);
	assert_fails(key_new(&key, folder_path(*state, "no/key.pem"), KEY_P256, NULL, &error),
		     RILL_IO, &error, "no/key.pem");
	key_close(&key);
}

/* Writes a key of another sort, and frees it. */
static void put_key(mbedtls_pk_context *pk, const char *path)
{
	unsigned char pem[4096];

	assert_int_equal(mbedtls_pk_write_key_pem(pk, pem, sizeof pem), 0);
	put_file(path, pem, strlen((char *)pem));
	mbedtls_pk_free(pk);
}

static void message_of(const char *text, struct rill_message *message)
{
	message->bytes = text;
	message->n = strlen(text);
	rill_sha256(text, message->n, message->sha256);
}

static void a_public_key_signs_by_a_command_alone(void **state)
{
	const char *path = folder_path(*state, "public.pem");
	uint8_t signature[RILL_SIGNATURE_MAX];
	struct rill_message message;
	struct key key, other;
	struct rill_error error;
	size_t n;

	assert_ok(key_new(&key, folder_path(*state, "key.pem"), KEY_P256, NULL, &error), &error);
	put_file(path, key.public_value, strlen(key.public_value));
	assert_ok(key_open(&other, path, &no_access, &error), &error);
	assert_false(other.is_private);
	assert_string_equal(other.id, key.id);
	message_of("text", &message);
	assert_fails(key_sign(&other, &message, signature, &n, &error), RILL_USAGE, &error,
		     "--sign-command");
	key_close(&other);
	key_close(&key);
}

/* What goes wrong with a command is told, and a wrong signature is never handed out. */
static void what_a_command_prints_is_verified(void **state)
{
	static const struct {
		const char *command, *fragment;
		enum rill_code code;
	} cases[] = {
		{"exit 3", "exit status 3", RILL_IO},
		{"kill -9 $$", "killed by signal 9", RILL_IO},
		{"true", "printed no signature", RILL_IO},
		{"head -c 2000 /dev/zero", "over 1024 bytes", RILL_IO},
		{"/nowhere/program", "exit status 127", RILL_IO},
		{"cat", "a signature is wrong", RILL_SECURITY},
		{"cat \"$MKDELTA_SIGNATURE\"", "", RILL_OK},
		{"test \"$MKDELTA_SCHEME\" = ecdsa-sha2-nistp256 && test ${#MKDELTA_KEYID} = 64 && "
		 "test -s \"$MKDELTA_KEY\" && test \"$(cat)\" = text && cat \"$MKDELTA_SIGNATURE\"",
		 "", RILL_OK},
	};
	const char *path = folder_path(*state, "public.pem"), *file = folder_path(*state, "sig");
	uint8_t signature[RILL_SIGNATURE_MAX];
	struct rill_message message;
	struct key key;
	struct rill_error error;
	size_t n;

	assert_ok(key_new(&key, folder_path(*state, "key.pem"), KEY_P256, NULL, &error), &error);
	message_of("text", &message);
	assert_ok(key_sign(&key, &message, signature, &n, &error), &error);
	put_file(file, signature, n);
	assert_int_equal(setenv("MKDELTA_SIGNATURE", file, 1), 0);
	put_file(path, key.public_value, strlen(key.public_value));
	key_close(&key);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct key_access access = {.command = cases[i].command};
		enum rill_code code;

		assert_ok(key_open(&key, path, &access, &error), &error);
		code = key_sign(&key, &message, signature, &n, &error);
		if (cases[i].code == RILL_OK)
			assert_ok(code, &error);
		else
			assert_fails(code, cases[i].code, &error, cases[i].fragment);
		key_close(&key);
	}
}

static void rsa_keys_sign_too(void **state)
{
	const char *path = folder_path(*state, "rsa.pem");
	uint8_t signature[RILL_SIGNATURE_MAX];
	struct rill_message message;
	struct key key, read;
	struct rill_error error;
	size_t n;

	assert_ok(key_new(&key, path, KEY_RSA, NULL, &error), &error);
	assert_ok(key_open(&read, path, &no_access, &error), &error);
	assert_string_equal(read.id, key.id);
	message_of("text", &message);
	assert_ok(key_sign(&read, &message, signature, &n, &error), &error); /* which verifies */
	assert_int_equal(n, 384);
	key_close(&key);
	key_close(&read);
}

static void a_passphrase_opens_what_it_sealed(void **state)
{
	const char *path = folder_path(*state, "key.pem"), *right = folder_path(*state, "right");
	const char *wrong = folder_path(*state, "wrong"), *both[] = {wrong, right};
	const struct key_access with_right = {.passphrase_files = {both + 1, 1}};
	const struct key_access with_both = {.passphrase_files = {both, 2}};
	const struct key_access with_wrong = {.passphrase_files = {both, 1}};
	struct key key, read;
	struct rill_error error;
	char *pem;
	size_t n;

	put_file(right, "correct horse\nsecond line\n", 26);
	put_file(wrong, "correct Horse", 13);
	assert_ok(key_new(&key, path, KEY_P256, "correct horse", &error), &error);
	pem = get_file(path, &n);
	assert_non_null(strstr(pem, "ENCRYPTED PRIVATE KEY"));
	free(pem);
	assert_int_equal(mode_of(path), 0600);
	assert_ok(key_open(&read, path, &with_right, &error), &error);
	assert_string_equal(read.id, key.id);
	key_close(&read);
	assert_ok(key_open(&read, path, &with_both, &error), &error);
	key_close(&read);
	assert_fails(key_open(&read, path, &with_wrong, &error), RILL_USAGE, &error, "passphrase");
	key_close(&read);
	assert_int_equal(setenv("MKDELTA_PASSPHRASE", "correct horse", 1), 0);
	assert_ok(key_open(&read, path, &with_wrong, &error), &error);
	key_close(&read);
	assert_int_equal(unsetenv("MKDELTA_PASSPHRASE"), 0);
	put_file(wrong, "\n", 1);
	assert_fails(key_open(&read, path, &with_wrong, &error), RILL_USAGE, &error, wrong);
	key_close(&read);
	key_close(&key);
}

/* PKCS #8 has no integrity of its own: a key that opens all the same signs nothing wrong. */
static void a_damaged_sealed_key_signs_nothing_wrong(void **state)
{
	const char *path = folder_path(*state, "key.pem"), *word = folder_path(*state, "word");
	const struct key_access access = {.passphrase_files = {&word, 1}};
	uint8_t signature[RILL_SIGNATURE_MAX];
	struct rill_message message;
	struct key key;
	struct rill_error error;
	char *pem;
	size_t n, length;

	message_of("text", &message);
	put_file(word, "x", 1);
	assert_ok(key_new(&key, path, KEY_P256, "x", &error), &error);
	key_close(&key);
	pem = get_file(path, &n);
	for (size_t i = 40; i < 300; i += 61) {
		char was = pem[i];

		pem[i] = was == 'A' ? 'B' : 'A';
		put_file(path, pem, n);
		if (key_open(&key, path, &access, &error) == RILL_OK)
			key_sign(&key, &message, signature, &length, &error);
		key_close(&key);
		pem[i] = was;
	}
	free(pem);
}

static void a_short_rsa_key_is_refused(void **state)
{
	const char *path = folder_path(*state, "rsa.pem");
	struct key key;
	mbedtls_pk_context rsa;
	struct rill_error error;

	assert_ok(key_new(&key, folder_path(*state, "key.pem"), KEY_P256, NULL, &error), &error);
	mbedtls_pk_init(&rsa);
	assert_int_equal(mbedtls_pk_setup(&rsa, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)), 0);
	assert_int_equal(mbedtls_rsa_gen_key(mbedtls_pk_rsa(rsa), mbedtls_ctr_drbg_random,
					     &key.random, 1024, 65537),
			 0);
	put_key(&rsa, path);
	key_close(&key);
	assert_fails(key_open(&key, path, &no_access, &error), RILL_UNSUPPORTED, &error, path);
	key_close(&key);
}

static void curves_other_than_p256_are_refused(void **state)
{
	static const mbedtls_ecp_group_id curves[] = {
		MBEDTLS_ECP_DP_SECP384R1,
		MBEDTLS_ECP_DP_SECP521R1,
		MBEDTLS_ECP_DP_SECP256K1,
		MBEDTLS_ECP_DP_BP256R1,
	};
	const char *path = folder_path(*state, "other.pem");
	struct key random, key;
	struct rill_error error;

	assert_ok(key_new(&random, folder_path(*state, "key.pem"), KEY_P256, NULL, &error), &error);
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		mbedtls_pk_context pk;
		enum rill_code code;

		if (!mbedtls_ecp_curve_info_from_grp_id(curves[i]))
			continue; /* this mbedTLS was built without it */
		mbedtls_pk_init(&pk);
		assert_int_equal(mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)),
				 0);
		assert_int_equal(mbedtls_ecp_gen_key(curves[i], mbedtls_pk_ec(pk),
						     mbedtls_ctr_drbg_random, &random.random),
				 0);
		put_key(&pk, path);
		code = key_open(&key, path, &no_access, &error);
		key_close(&key);
		if (code != RILL_UNSUPPORTED)
			fail_msg("a key on %s: %s",
				 mbedtls_ecp_curve_info_from_grp_id(curves[i])->name,
				 rill_code_name(code));
	}
	key_close(&random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(what_a_key_signs_verifies),
		in_folder(a_key_that_is_read_is_the_one_that_was_made),
		in_folder(its_file_is_for_its_owner_alone),
		in_folder(a_file_that_exists_is_never_written_over),
		in_folder(the_keyid_is_the_hash_of_the_canonical_key),
		in_folder(a_file_that_is_no_key_is_named),
		in_folder(a_public_key_signs_by_a_command_alone),
		in_folder(what_a_command_prints_is_verified),
		in_folder(rsa_keys_sign_too),
		in_folder(a_passphrase_opens_what_it_sealed),
		in_folder(a_damaged_sealed_key_signs_nothing_wrong),
		in_folder(a_short_rsa_key_is_refused),
		in_folder(curves_other_than_p256_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
