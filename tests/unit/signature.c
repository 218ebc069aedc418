/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures by another implementation (Python's cryptography 38, which is OpenSSL's) over the
 * same message; Ed25519 also by the first test vectors of RFC 8032.
 */
#include "tests/unit/support.h"

#include "protocol/signature.h"
#include <string.h>

static const char message_text[] = "what was signed";

struct vector {
	const char *name;
	struct rill_public_key key;
	const char *signature;
};

static enum rill_code verify(const struct rill_public_key *key, const char *text, const char *hex,
			     uint8_t *key_sha256, struct rill_error *error)
{
	struct rill_message message = {.bytes = text, .n = strlen(text)};
	uint8_t signature[RILL_SIGNATURE_MAX];

	rill_sha256(text, message.n, message.sha256);
	assert_true(rill_unhex(hex, signature, strlen(hex) / 2));
	return rill_signature_verify(key, &message, signature, strlen(hex) / 2, key_sha256, error);
}

static bool is_ed25519(const struct rill_public_key *key)
{
	return strcmp(key->scheme, "ed25519") == 0;
}

#ifdef RILL_ED25519
static const bool has_ed25519 = true;
#else
static const bool has_ed25519 = false;
#endif

static void good_signatures_verify_and_changed_ones_do_not(void **state)
{
	static const struct vector good[] = {
		{"P-256",
		 {"ecdsa", "ecdsa-sha2-nistp256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOFiRvXLbXSTlVEOQ8ibD"
		  "5WCKOTLS\nA/VJBoXLquKbRVO6DPKzGXnY5LYpARDFXkPBzlxA/"
		  "cNXQ60Uu1X6qT+Dyg==\n-----END PUB"
		  "LIC KEY-----\n"},
		 "304502207ff1344f4847341b2e37d17787bb1d8f0f399dcd12f2c8f4c4b775818bbc59c8022100c74"
		 "6f8"
		 "6fe91d96592f9fcf3ea563e8f62d84113ec5c344fb04649e0c7c3898e0"},
		{"P-256, older name",
		 {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOFiRvXLbXSTlVEOQ8ibD"
		  "5WCKOTLS\nA/VJBoXLquKbRVO6DPKzGXnY5LYpARDFXkPBzlxA/"
		  "cNXQ60Uu1X6qT+Dyg==\n-----END PUB"
		  "LIC KEY-----\n"},
		 "3046022100886deafeaaf91fda1e8fd0a833d29517d95a66bc97404bd7955fc9dcf0c87caa022100f"
		 "c5e"
		 "af6a9848edc8e5b38bec61a1d1c31baaa92a27880e151743d6b18b975448"},
		{"RSA-PSS, salt of 32",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2iryqXgTa0Jr"
		  "aSpWOjkR\n7qJPN/GkEwGnnXzukdqwIdveNa2SXiubvghonTGdkuSnW/"
		  "qxgL7ncNNt+ILJmXVA\nGtL0G2BQ"
		  "Nq22goe68tnh4Tg6n5Ivp/o5A6DPHy2g5ON2bKjDbq/"
		  "SQ3wHc+aZ2Mzn\nSeoQXWY6HAHdVq8cXD1kaVEJop"
		  "ZLWRoU9Wqc55/g50CinM56O3G4xoWIJ4hcVcAN\nPdggOvvXwhAqzE2NYtgobqh/"
		  "Jaa3qbksoI2JGThg8vMF"
		  "x2uicSfwTb6CCxnhiJs1\nBd4laOYajGNpwWHNjsp0iQ35QOe1NEW7Tkzzi3aVWwWM6Yafl46OBL0ipz"
		  "nIhv"
		  "gr\nmQIDAQAB\n-----END PUBLIC KEY-----\n"},
		 "6eca63ef49ddeae62872c483635c2ace8127e4485bdf5af4bc508f7716ff26430f1cdd0f5a00fd4de"
		 "dce"
		 "3333fa71f3d8c857005ffcfb2b6ac6742969748fb45fe74a629d8442c4f635dfb30822bbd64e85b4b"
		 "9c1"
		 "d849ffa4080e54251b587ea779003b5868aebab009beab399c479eadf3c34ab39fe3acf68439329bb"
		 "071"
		 "34788d1382b7f5a3bcf017e889582c0c3cc04678fd5f754ed9c790a35957ca5019ca519642565ba31"
		 "710"
		 "d203b762568bc97f84248e5357e195c51bdd44ac04c9ddd8d46f6acce95271e0711a9a8a3a54b50e9"
		 "2e8"
		 "bb5b8a7e4a19a527378e8a4f57f29cdf5c97ae843f6c50f954a956f2544c8ba443aa124883de4763b"
		 "107"
		 "30a26e0f"},
		{"RSA-PSS, no salt",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu+pXnXJu4NQQ"
		  "dNN4rDeJ\nJvzWPCQnZ4kInXPzVncjxoIX3l/"
		  "tCZuuGIEtPYeiTTsvU9PNPUxL9bZuvqeY9V2L\nYdxTSD6x"
		  "ZcUx8pZWM9jbgAXDnsJPZjaxxWzISuXQSu+Q1U+2nBpjuAmKZlQBmvyR\nc5ZKOaibUaQznWOgW+"
		  "zP908Sjw"
		  "1FpT6hGdMDi+yaYvBeISLhgJYJzx1P+ghegauJ\ngwhWpuOViEnZTjx6sNLs+hU8zKXGtr+"
		  "1dkz7TgQ1Y0Jp"
		  "fLGSvFkzAFtND2x2MYKZ\np08keo7kVZ7gY34y/sKGXwwoTv6pa3SvioTHhVzP7enpIvO/"
		  "G7TWJEnF0oxRSn"
		  "tT\ngQIDAQAB\n-----END PUBLIC KEY-----\n"},
		 "2b866c43e386c1f844aee5b55388cfc400a0a374367a887e18126d0c62904d0226b68650f5ab1738d"
		 "f89"
		 "2057484bf06c5b0e78b976e842b8219fc7d706bf6d58b3480a0c91cb25d7b7efe919cc1aa8f40ce74"
		 "5ca"
		 "15edf4ddc0bd281e5567b9eeb21aa6849a06ffb78f754ad1a55e0b2a1d029eff17d17d09ce3f97740"
		 "143"
		 "0ac583e12b3b83ff19e37dca19b8af3508e04258323fcb8f63c7ab2778838801b67f35442da92d38b"
		 "837"
		 "1096145dfd8ad0c2298525ba7a1a763a9ff729a969223f805a5f2d63d35c67b75694a9af21b449ec0"
		 "9ee"
		 "caaa7d83b7cc8d7aa9c6194fbf07cd042b0bc275b7eb9e9418d2ed6e37a98ebd9f393a96d5e3fa938"
		 "c52"
		 "28807b58"},
		{"RSA-PSS, longest salt",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA32SR0cbh1yOg"
		  "kw4Iomid\nm2VyVMB8jPpbkVixYwddA0emjE4CSFCYwWSVkzSQE+TJ2rj/"
		  "4lJ991Av3Ad2rYqE\narmDKpi9"
		  "yqqmuRpHqUBjet+No2kDFsJwk0Ob6xxuOPoNkjxJ16E94vUkiaJnQCh9\n/"
		  "4iokVm1IkAm9J44Bj9hxkmwK5"
		  "R9dcA3PO+fudg5ouWbgO+HwMgfLfowazwlc8wg\nRIB47dG5JiFNmF7fdxpMp5La/"
		  "Aew8kcgX2MI1xwQREIh"
		  "wxMjVeMOiR0qVVG4KRH9\nFRjPZ+wpjTg3NHUo6sVhV8MgpvN60NGIuAcoS3lqt8c2/"
		  "C3cTX40V9yWSVLDcX"
		  "bk\nCwIDAQAB\n-----END PUBLIC KEY-----\n"},
		 "aef3652bea950dab90a11f91e90d5a67b90befd1e539f770f4908a5d74993bf757336bcbe4491ce81"
		 "d14"
		 "dedf5ea62b29256c199295a02d86eab2a299c47c33fdef124c7f42ccc8a6e3983bfcda106afbbe51d"
		 "b8c"
		 "b3cdc63f999baf76153ee23cd4052a10364e49adeb489bb99a683f273ecad40f61874bd0b18610802"
		 "ab7"
		 "31eeecc85982a07b51d2b735060f26d3c7ad04f58df1669d77b5b14d1cbd26f1b82d877e068626433"
		 "890"
		 "44fa9f879d7df68032e59a75db5d588e4afdb5c8b82f9856d414433a4d50c244b0f30e8d3326bf96c"
		 "b7e"
		 "f1d140076718fb566890fbe52b6db84c124c946f3e5412e5017d3a8f39ae944312b04773c410b29b0"
		 "09d"
		 "a2884f21"},
		{"RSA-PSS, 4096 bits",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAxlhxDZMoACs7"
		  "gSsXA9HP\nS8Wre2yBDYgY4l9gjSpTFIzjApIA2UY3L+b09+MiST4+lQnLmgqv7sYfyoVsHGA4\nu/"
		  "RgylMn"
		  "rob7WLx6DmcyWNhILtP1Q3DreBjQjVeYf2fT296J61d73kLAkz0u9SO9\nqB8JMikzRMP93eyOlPnXkx"
		  "CCoG"
		  "46BIJMD/"
		  "HWYKzUvjd+vZ6j5xSqMMlDa9USEVfH\nawTt6+CuTkDfb12zSbkCWPAkP19JvX7XcsnTCjHMUpU3"
		  "f12ZnWOxDLrN8QwlQ5xM\nD/D92eFwSOPeA2N/vAtHVVFJkuT71EbGlP5kQJJkqIfH/"
		  "DfyiDp9C8XQq6i76Q"
		  "EJ\nxwhnjb4EEsHzF5zX5ooX7QASHKDuF4+"
		  "6IWoa2BECK68MOeYSrzFKpsXet7Edjb2k\n0eYoEgBeWbvTeh"
		  "h33H/LaqaMveZh8rSRBHa1MceM4rAKfh/S/"
		  "NzB1TQuwX6rOJ8h\nD1aniijEdGM+zWZFlFWFoWgxdoCZeKkX"
		  "aTceFsQThXV+iZ20E32pT7C9QDSJiy1O\n94BF7g2MGQUhwV2kmVNiNI+W2ADxJweN2iXtz+"
		  "VGy2q7KcQ5ia"
		  "aZTUrdaZkYbMVl\npYxP3rFfXJudPRGeF03VYVuenn/KR/"
		  "Y0Qtg2NaLDJBDGOhvfVm7O6roVOl2C5MoZ\nKJ"
		  "zSXLqTJDQY21OWP3A5Pt8CAwEAAQ==\n-----END PUBLIC KEY-----\n"},
		 "666a93c5233a1a516d7984ea3e13daf85373a592c031466d7ee0e2d2edefeb2e0093638f12226d3ac"
		 "bcf"
		 "40e4277f35374b753d62ae1586bf056405be31432522f57a4e69904f7123a44276e6feca834785141"
		 "254"
		 "0733e6b5a702afebb566d1d4a8169f546a8f74af7eea6f21baeecdacd75571fa284473da0d108bb65"
		 "2be"
		 "0c13bd34f4f80213d5d2e69c0c01b557bf1f2f3760c59d5e7211f6011fde156d8a2ae90a55492c394"
		 "d6f"
		 "672dd7acba41a9bd0a6abaae1c71d79e90dd5ad0cd8a3452325dbd88e79cb21f0891fd0de54aaafe3"
		 "2a9"
		 "07d9ac7dc1303bc5022fb758e31149c0601c020be008d60be685a1919bede85aaad8edbbf6535eeeb"
		 "0fc"
		 "0a71c5da5b46c435880876cbb02d440dfb0d7c40fac891c7b6fa6343b2768bf4cb92b9d69315416c8"
		 "aab"
		 "5916ec2e3a32583fd17014add665cad2a14b5c321ebdadd1bdce0e3f02102ca833a78180fa18e8213"
		 "b85"
		 "845199c5e7e798d1837a43795e2b0f187fb4b226a96c1f9de4ebed98021fdd13fd923b15af89bc3c0"
		 "b1c"
		 "c5f3c421e93f5dc3f07ad9432aa80f4640092190c55f72c4e46e50cc2ebff922c832b5bbd82d2fbd0"
		 "37a"
		 "1f84b0caebcc8288eac28c49d56740d9565372bccaf1db77e269a6ca0999c2ecbeaa57fe60e8e8103"
		 "e63"
		 "4dedd243d3f15f25c4a90d85bc4827bdedeb1893251d24c32206230152c6d183bc85bd77e40c7d1e2"
		 "1ea"
		 "a38f03228d61ed45"},
		{"Ed25519",
		 {"ed25519", "ed25519",
		  "4da52e236eb6c8709b59b0de6ffa9052d6518ba8dd66dc5119b6fdebe2e8b2ce"},
		 "eca46d4b1f5a0fab88390f0a549742cd11668283b76f20f25f4ba14c1edcddde081ec75ca15451cae"
		 "7d9"
		 "47eef8340e01ce89ad24f98d2a2ce2bbded7884e8304"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const struct vector *v = &good[i];
		uint8_t key_sha256[RILL_SHA256_SIZE];
		char bad[2 * RILL_SIGNATURE_MAX + 1];
		struct rill_error error;
		size_t n = strlen(v->signature);
		enum rill_code code = verify(&v->key, message_text, v->signature, key_sha256,
					     &error);

		if (is_ed25519(&v->key) && !has_ed25519) {
			assert_fails(code, RILL_UNSUPPORTED, &error, "ed25519");
			assert_false(rill_signature_is_supported(&v->key));
			continue;
		}
		assert_ok(code, &error);
		assert_true(rill_signature_is_supported(&v->key));
		assert_int_equal(rill_signature_wants_bytes(&v->key), is_ed25519(&v->key));
		assert_fails(verify(&v->key, "what was Signed", v->signature, key_sha256, &error),
			     RILL_SECURITY, &error, "a signature is wrong");
		for (size_t at = 0; at < n; at += n / 8 - 1) {
			memcpy(bad, v->signature, n + 1);
			bad[at] = bad[at] == '0' ? '1' : '0';
			assert_fails(verify(&v->key, message_text, bad, key_sha256, &error),
				     RILL_SECURITY, &error, "wrong");
		}
		memcpy(bad, v->signature, n + 1);
		bad[n - 2] = 0;
		assert_fails(verify(&v->key, message_text, bad, key_sha256, &error), RILL_SECURITY,
			     &error, "wrong");
		assert_fails(verify(&v->key, message_text, "", key_sha256, &error), RILL_SECURITY,
			     &error, "wrong");
	}
}

/* A scheme takes its own keys and signatures only, and none that are too weak. */
static void a_key_is_bound_to_its_scheme(void **state)
{
	static const struct vector bad[] = {
		{"P-384 as P-256",
		 {"ecdsa", "ecdsa-sha2-nistp256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEJsq7HtT37SYyX7rm1FbHkUGe"
		  "/JSo9RBO\n9dR2CmAhCN3vvNgeIJZ3x3ddi+MzP/zBXMJJu5soNDimsXezndAi22/"
		  "bSuKgpZBJ\nJqANTBcL"
		  "CmTfa0Ml7sb8tnTMlOFyYdXF\n-----END PUBLIC KEY-----\n"},
		 "306502300efe5497e653017a098bee8c6cfa7855e877cc919ba18fb9586500b6d7483c01845ed35c7"
		 "a01"
		 "22ffda475ce9a0206b14023100d9edbe2022c1f5ef154f42b936f0b6d90e84580ff93dbd48cb989b5"
		 "3e7"
		 "0a258654654ad2e1d56826671e323413b901c0"},
		{"RSA of 1024 bits",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDgkBEpujKjlMwIsG0Z"
		  "pYKRcHMw\nRfG6mbs45S3aocVPsdZka+V4/"
		  "4ejbRO1+PbCf1E7i47qHm84PTdbK43y1oWhBiyc\nORf4yqej"
		  "EWrDSl7AZeDWFPTppsdeGlP50o76a4fzW+USou8M0XcEK4fZ7o5zZ66b\n+"
		  "jvFa7w2PGPu12mrzwIDAQAB\n"
		  "-----END PUBLIC KEY-----\n"},
		 "add75e4cdbfb2539e935382b1b6a06d86de0d7cac80bef30a8a756951204d33ac1bc999757abdbb86"
		 "ffb"
		 "1819e2ac8180d8b69209f8bf2a6de03fa0bc54d9283fca987792c4602d848df76047b1e8cde956e23"
		 "a24"
		 "b0b4d05b2643e6e743cd5cd5622199c7e5f21f5907f8174fda93c8399cf5db7ab64f34239994f1b01"
		 "5d4"
		 "9fb6"},
		{"PKCS#1 v1.5 as PSS",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjoRGtna5iXzM"
		  "GbINl8kQ\n8Hwv0vaOMm8H3iLf6h+i8P1qPjdIIYo/"
		  "sj2adufIAKPfh8PtTMkSP7X1Xix8jUMx\n30QTxM5z"
		  "1B3yedY3qXQvbKA92LpLwfa3okp9crKUvsLf1IUGPv5fUD2KIMfTX9kh\nK7fbLaZr1jZyIZRye/"
		  "PDp+DTVV"
		  "u5gtuhUEFYpE6MRP4YNgbzPOlDluPFP7HKQc6F\ng8HIwuDHSZPd4xX4f8x8xOSfxNzpotH8lt6ayWz9"
		  "ZEpP"
		  "Nd9uvPq44w0TgKRV367/\nN/"
		  "MQLqej47DolB2ANzWibCDcvUdePucnGS8956XLtdsqhg1V3tJTdgcurp6j8x"
		  "xT\nJQIDAQAB\n-----END PUBLIC KEY-----\n"},
		 "40f8bae62d6ef2d823afa6fd31b5b2b4a88bf3553497ec8bcad7f0ca47c44b976d65d1da5e448e213"
		 "0cc"
		 "5adebca304d593a6a4e90fd48871c3f052e090737b8cb2b433ecd6d9f019dd1f7b0edfb3bf282869e"
		 "cd7"
		 "aac626d750ad1e4ae99237b6a7550a7e3cdc4c9fdbabb23a1fd1127d3d1d4ff1407526bd0f365c70d"
		 "a56"
		 "3a6008d3fdefbf2e80f4c8ad436d917784f8768eecc89f982517b73dff14acc0854a28a0d86789e8f"
		 "e82"
		 "b2f8750a2808ab4ac65beea8e40cc5c88b4c420b63014fd7d1e7da5aa426dcdd878f17429dc9ad88e"
		 "a69"
		 "2ddcdd124ba26a842d4dab7aab2e738ce891706bcbb0b94bce92b8d0c0da438e232c5fa50114c02d9"
		 "1ca"
		 "c284e9fc"},
		{"PSS of SHA-1's mask",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjoRGtna5iXzM"
		  "GbINl8kQ\n8Hwv0vaOMm8H3iLf6h+i8P1qPjdIIYo/"
		  "sj2adufIAKPfh8PtTMkSP7X1Xix8jUMx\n30QTxM5z"
		  "1B3yedY3qXQvbKA92LpLwfa3okp9crKUvsLf1IUGPv5fUD2KIMfTX9kh\nK7fbLaZr1jZyIZRye/"
		  "PDp+DTVV"
		  "u5gtuhUEFYpE6MRP4YNgbzPOlDluPFP7HKQc6F\ng8HIwuDHSZPd4xX4f8x8xOSfxNzpotH8lt6ayWz9"
		  "ZEpP"
		  "Nd9uvPq44w0TgKRV367/\nN/"
		  "MQLqej47DolB2ANzWibCDcvUdePucnGS8956XLtdsqhg1V3tJTdgcurp6j8x"
		  "xT\nJQIDAQAB\n-----END PUBLIC KEY-----\n"},
		 "1ee023bfaf7278d0404b2f385ed7e063b08aac8e966f7cf043c9a1862fa0d54135fa48631a3129862"
		 "64e"
		 "5e96633051453a210e9e296b557f7aded3a0c6ce818a69a1cf6a06c494a59efaa09844dc55a440de8"
		 "443"
		 "44f549620315eeacfd55923dbc186ea9adb6d36b2de65037e007c4d9dd9088dba3c27c887aa298357"
		 "920"
		 "11d138986fb29b78504f09554eaf8da2aa6d2487559c3d7d7febfbd6c101e32544657a488c4b5f7cf"
		 "10f"
		 "e82326a6d3b9e914282687a230b76d891f671a4d4cdcb9b8c086a893e43caad9aa50c01489ce92417"
		 "ff6"
		 "5014ff00163400f773ad81e1f1d492c9c6757159631b6583e7ab8cb73ddc13c4fce00c5ba4add471a"
		 "00b"
		 "9a747fca"},
		{"P-256 key as RSA",
		 {"rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiZfJ382FjDYh4XJWOgVg"
		  "z25HCX0H\ng9JbmK8vgSrQYssco39NMc5Vbs1m8jNCRbmNZaUHrICosGVVuqDm8uOGNg==\n-----"
		  "END PUB"
		  "LIC KEY-----\n"},
		 "3046022100d6c7e09cc501d89ab44be4ae28acd72d794efabe86ca1f041b8cd1e17f4d898d022100a"
		 "dc7"
		 "49a1da80707b56f5376d348b4921dfcc7f823271566f258a62cba6193624"},
		{"RSA key as P-256",
		 {"ecdsa", "ecdsa-sha2-nistp256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjoRGtna5iXzM"
		  "GbINl8kQ\n8Hwv0vaOMm8H3iLf6h+i8P1qPjdIIYo/"
		  "sj2adufIAKPfh8PtTMkSP7X1Xix8jUMx\n30QTxM5z"
		  "1B3yedY3qXQvbKA92LpLwfa3okp9crKUvsLf1IUGPv5fUD2KIMfTX9kh\nK7fbLaZr1jZyIZRye/"
		  "PDp+DTVV"
		  "u5gtuhUEFYpE6MRP4YNgbzPOlDluPFP7HKQc6F\ng8HIwuDHSZPd4xX4f8x8xOSfxNzpotH8lt6ayWz9"
		  "ZEpP"
		  "Nd9uvPq44w0TgKRV367/\nN/"
		  "MQLqej47DolB2ANzWibCDcvUdePucnGS8956XLtdsqhg1V3tJTdgcurp6j8x"
		  "xT\nJQIDAQAB\n-----END PUBLIC KEY-----\n"},
		 "3046022100d6c7e09cc501d89ab44be4ae28acd72d794efabe86ca1f041b8cd1e17f4d898d022100a"
		 "dc7"
		 "49a1da80707b56f5376d348b4921dfcc7f823271566f258a62cba6193624"},
		{"PKCS#1 v1.5 by name",
		 {"rsa", "rsa-pkcs1v15-sha256",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjoRGtna5iXzM"
		  "GbINl8kQ\n8Hwv0vaOMm8H3iLf6h+i8P1qPjdIIYo/"
		  "sj2adufIAKPfh8PtTMkSP7X1Xix8jUMx\n30QTxM5z"
		  "1B3yedY3qXQvbKA92LpLwfa3okp9crKUvsLf1IUGPv5fUD2KIMfTX9kh\nK7fbLaZr1jZyIZRye/"
		  "PDp+DTVV"
		  "u5gtuhUEFYpE6MRP4YNgbzPOlDluPFP7HKQc6F\ng8HIwuDHSZPd4xX4f8x8xOSfxNzpotH8lt6ayWz9"
		  "ZEpP"
		  "Nd9uvPq44w0TgKRV367/\nN/"
		  "MQLqej47DolB2ANzWibCDcvUdePucnGS8956XLtdsqhg1V3tJTdgcurp6j8x"
		  "xT\nJQIDAQAB\n-----END PUBLIC KEY-----\n"},
		 "40f8bae62d6ef2d823afa6fd31b5b2b4a88bf3553497ec8bcad7f0ca47c44b976d65d1da5e448e213"
		 "0cc"
		 "5adebca304d593a6a4e90fd48871c3f052e090737b8cb2b433ecd6d9f019dd1f7b0edfb3bf282869e"
		 "cd7"
		 "aac626d750ad1e4ae99237b6a7550a7e3cdc4c9fdbabb23a1fd1127d3d1d4ff1407526bd0f365c70d"
		 "a56"
		 "3a6008d3fdefbf2e80f4c8ad436d917784f8768eecc89f982517b73dff14acc0854a28a0d86789e8f"
		 "e82"
		 "b2f8750a2808ab4ac65beea8e40cc5c88b4c420b63014fd7d1e7da5aa426dcdd878f17429dc9ad88e"
		 "a69"
		 "2ddcdd124ba26a842d4dab7aab2e738ce891706bcbb0b94bce92b8d0c0da438e232c5fa50114c02d9"
		 "1ca"
		 "c284e9fc"},
		{"P-384 by name",
		 {"ecdsa", "ecdsa-sha2-nistp384",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEY0feiFmGx25pn7vxY4JbWTmv"
		  "uLwye7k+\n2MZJuB71pPIrXZyXuxCGGANJWA+TsGP6eM+IUOd966BL5XHpobyRs9JvHwPc1t/"
		  "O\nUa8L1XJN"
		  "RgUN3x9IgXV6tTuFthf52Aod\n-----END PUBLIC KEY-----\n"},
		 "3046022100d6c7e09cc501d89ab44be4ae28acd72d794efabe86ca1f041b8cd1e17f4d898d022100a"
		 "dc7"
		 "49a1da80707b56f5376d348b4921dfcc7f823271566f258a62cba6193624"},
		{"P-256 as Ed25519",
		 {"ed25519", "ed25519",
		  "-----BEGIN PUBLIC "
		  "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiZfJ382FjDYh4XJWOgVg"
		  "z25HCX0H\ng9JbmK8vgSrQYssco39NMc5Vbs1m8jNCRbmNZaUHrICosGVVuqDm8uOGNg==\n-----"
		  "END PUB"
		  "LIC KEY-----\n"},
		 "3046022100d6c7e09cc501d89ab44be4ae28acd72d794efabe86ca1f041b8cd1e17f4d898d022100a"
		 "dc7"
		 "49a1da80707b56f5376d348b4921dfcc7f823271566f258a62cba6193624"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint8_t key_sha256[RILL_SHA256_SIZE];
		struct rill_error error;

		if (verify(&bad[i].key, message_text, bad[i].signature, key_sha256, &error) ==
		    RILL_OK)
			fail_msg("%s verified", bad[i].name);
	}
}

static void keys_that_are_none_are_refused(void **state)
{
	static const char *const values[] = {
		"", "x", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00",
		/* of small order */
		"0100000000000000000000000000000000000000000000000000000000000000"};
	static const struct rill_public_key kinds[] = {
		{"ecdsa", "ecdsa-sha2-nistp256", NULL},
		{"rsa", "rsassa-pss-sha256", NULL},
		{"ed25519", "ed25519", NULL},
		{"dsa", "dsa", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
			struct rill_public_key key = kinds[i];
			uint8_t key_sha256[RILL_SHA256_SIZE];
			char zeros[129];
			struct rill_error error;

			memset(zeros, '0', 128);
			zeros[128] = 0;
			key.value = values[j];
			assert_int_not_equal(verify(&key, message_text, zeros, key_sha256, &error),
					     RILL_OK);
		}
}

/* RFC 8032, section 7.1, tests 1 and 2; and the first with S + L, which is not canonical. */
static void ed25519_is_that_of_the_rfc(void **state)
{
	static const struct {
		const char *key, *text, *signature;
		bool good;
	} vectors[] = {
		{"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
		 "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
		 true},
		{"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "\x72",
		 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
		 "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		 true},
		{"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901554c8c7872aa064e04"
		 "9dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b",
		 false},
	};

	(void)state;
	for (size_t i = 0; has_ed25519 && i < 3; i++) {
		const struct rill_public_key key = {"ed25519", "ed25519", vectors[i].key};
		uint8_t key_sha256[RILL_SHA256_SIZE];
		struct rill_error error;

		assert_int_equal(
			verify(&key, vectors[i].text, vectors[i].signature, key_sha256, &error),
			vectors[i].good ? RILL_OK : RILL_SECURITY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_signatures_verify_and_changed_ones_do_not),
		cmocka_unit_test(a_key_is_bound_to_its_scheme),
		cmocka_unit_test(keys_that_are_none_are_refused),
		cmocka_unit_test(ed25519_is_that_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
