/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed secret opens with its key and its associated data, unchanged, and
 * with nothing else.
 */

#include <openssl/evp.h>

#include "common/token/cbc.h"
#include "common/token/codec.h"
#include "common/token/seal.h"
#include "tests/support/cases.h"

static const struct secret_key key = {.bytes = {1, 2, 3}};

static struct seal_aad
aad_of(const char *label, const char *user, const char *token, uint64_t digits)
{
	struct seal_aad aad;

	seal_aad_begin(&aad, label);
	seal_aad_add_text(&aad, user);
	seal_aad_add_text(&aad, token);
	seal_aad_add_number(&aad, digits);
	return aad;
}

static struct secret
secret_of(size_t len)
{
	struct secret secret = {.len = len};

	for (size_t i = 0; i < len; i++)
		secret.bytes[i] = (uint8_t)(i + 1);
	return secret;
}

static struct sealed
sealed_of(const struct seal_aad *aad, const struct secret *secret)
{
	struct sealed sealed;

	ck_assert_int_eq(seal_wrap(&key, aad, secret, &sealed), ROLLCODE_OK);
	return sealed;
}

static void
assert_refused(const struct secret_key *with, const struct seal_aad *aad,
    const struct sealed *sealed)
{
	struct secret nothing = {0};
	struct {
		struct secret secret;
		uint8_t guard;
	} opened;

	memset(&opened, 0xff, sizeof(opened));
	ck_assert_int_eq(
	    seal_open(with, aad, sealed, &opened.secret), ROLLCODE_ERR_STORE);
	ck_assert_mem_eq(&opened.secret, &nothing, sizeof(nothing));
	ck_assert_uint_eq(opened.guard, 0xff);
}

START_TEST(a_sealed_secret_of_any_length_comes_back)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct secret opened;

	for (size_t len = 1; len <= SECRET_MAX; len++) {
		struct secret secret = secret_of(len);
		struct sealed sealed = sealed_of(&aad, &secret);

		ck_assert_uint_eq(sealed.len, len + SEAL_OVERHEAD);
		ck_assert_int_eq(
		    seal_open(&key, &aad, &sealed, &opened), ROLLCODE_OK);
		ck_assert_mem_eq(&opened, &secret, sizeof(opened));
	}
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct secret secret = secret_of(32);
	struct sealed sealed = sealed_of(&aad, &secret);

	for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
		sealed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(&key, &aad, &sealed);
		sealed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(every_other_length_is_refused)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct secret secret = secret_of(32);
	struct sealed sealed = sealed_of(&aad, &secret);
	size_t right = sealed.len;

	for (sealed.len = 0; sealed.len <= SEAL_MAX + 1; sealed.len++)
		if (sealed.len != right)
			assert_refused(&key, &aad, &sealed);
}
END_TEST

/* They are decrypted before the tag says that they are none. */
START_TEST(of_bytes_that_are_refused_none_is_left)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct secret secret = secret_of(32);
	struct sealed sealed = sealed_of(&aad, &secret);
	uint8_t out[33], none[32] = {0};

	memset(out, 0xff, sizeof(out));
	sealed.bytes[sealed.len - 1] ^= 1;
	ck_assert_int_eq(
	    seal_open_bytes(&key, &aad, sealed.bytes, sealed.len, out),
	    ROLLCODE_ERR_STORE);
	ck_assert_mem_eq(out, none, sizeof(none));
	ck_assert_uint_eq(out[32], 0xff);
}
END_TEST

START_TEST(every_flipped_bit_of_the_key_is_refused)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct secret secret = secret_of(32);
	struct sealed sealed = sealed_of(&aad, &secret);
	struct secret_key other = key;

	for (size_t bit = 0; bit < 8 * sizeof(other.bytes); bit++) {
		other.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(&other, &aad, &sealed);
		other.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(associated_data_of_another_row_is_refused)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct seal_aad others[] = {
	    aad_of("test 2", "ann", "phone", 8),
	    aad_of("test 1", "bob", "phone", 8),
	    aad_of("test 1", "ann", "spare", 8),
	    aad_of("test 1", "ann", "phone", 6),
	    aad_of("test 1", "annp", "hone", 8),
	    aad_of("test 1", "", "annphone", 8),
	    aad_of("test 1", "ann", "phone", 8),
	};
	struct secret secret = secret_of(32);
	struct sealed sealed = sealed_of(&aad, &secret);

	seal_aad_add_text(&others[COUNT(others) - 1], "");
	for (size_t i = 0; i < COUNT(others); i++)
		assert_refused(&key, &others[i], &sealed);
}
END_TEST

START_TEST(the_same_secret_is_never_sealed_alike)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct secret secret = secret_of(32);
	struct sealed a = sealed_of(&aad, &secret);
	struct sealed b = sealed_of(&aad, &secret);

	ck_assert_mem_ne(a.bytes + 1, b.bytes + 1, SEAL_NONCE_LEN);
	ck_assert_mem_ne(a.bytes + 1 + SEAL_NONCE_LEN,
	    b.bytes + 1 + SEAL_NONCE_LEN, secret.len);
	ck_assert_mem_ne(a.bytes + 1 + SEAL_NONCE_LEN, secret.bytes, 32);
}
END_TEST

START_TEST(every_byte_of_a_nonce_is_random)
{
	struct seal_aad aad = aad_of("test 1", "ann", "phone", 8);
	struct secret secret = secret_of(32);
	struct sealed first = sealed_of(&aad, &secret), next;
	uint8_t differs[SEAL_NONCE_LEN] = {0};

	for (int n = 0; n < 64; n++) {
		next = sealed_of(&aad, &secret);
		for (size_t i = 0; i < sizeof(differs); i++)
			differs[i] |= first.bytes[1 + i] ^ next.bytes[1 + i];
	}
	for (size_t i = 0; i < sizeof(differs); i++)
		ck_assert_uint_ne(differs[i], 0);
}
END_TEST

START_TEST(associated_data_that_does_not_fit_seals_nothing)
{
	static const uint8_t field[SEAL_AAD_MAX] = {0};
	struct secret secret = secret_of(32), opened;
	struct seal_aad aad;
	struct sealed sealed;

	seal_aad_begin(&aad, "");
	seal_aad_add(&aad, field, SEAL_AAD_MAX - 4);
	sealed = sealed_of(&aad, &secret);
	ck_assert_int_eq(seal_open(&key, &aad, &sealed, &opened), ROLLCODE_OK);

	seal_aad_begin(&aad, "");
	seal_aad_add(&aad, field, SEAL_AAD_MAX - 3);
	ck_assert_int_ne(seal_wrap(&key, &aad, &secret, &sealed), ROLLCODE_OK);
	ck_assert_uint_eq(sealed.len, 0);
}
END_TEST

START_TEST(derived_keys_are_those_of_rfc_5869)
{
	/* Computed with Python's hmac: HKDF-SHA-256 without salt. */
	static const char expected[] = "1424d0f742e3a99ee776da30cc08a7b5"
				       "fefd4b434522dd9e771c548f9c529f16";
	struct secret_key master, derived, other;
	char hex[2 * SECRET_KEY_LEN + 1];

	for (size_t i = 0; i < SECRET_KEY_LEN; i++)
		master.bytes[i] = (uint8_t)i;
	ck_assert_int_eq(
	    seal_derive(&master, "a purpose", &derived), ROLLCODE_OK);
	ck_assert_int_eq(seal_derive(&master, "another", &other), ROLLCODE_OK);

	hex_encode(derived.bytes, SECRET_KEY_LEN, hex);
	ck_assert_str_eq(hex, expected);
	ck_assert_mem_ne(derived.bytes, other.bytes, SECRET_KEY_LEN);
}
END_TEST

START_TEST(the_name_of_a_key_gives_nothing_away)
{
	struct secret_key other = key;
	char id[SEAL_ID_LEN + 1], same[SEAL_ID_LEN + 1];
	char different[SEAL_ID_LEN + 1], hex[2 * SECRET_KEY_LEN + 1];

	other.bytes[SECRET_KEY_LEN - 1] ^= 1;
	ck_assert_int_eq(seal_key_id(&key, id), ROLLCODE_OK);
	ck_assert_int_eq(seal_key_id(&key, same), ROLLCODE_OK);
	ck_assert_int_eq(seal_key_id(&other, different), ROLLCODE_OK);

	hex_encode(key.bytes, SECRET_KEY_LEN, hex);
	ck_assert_uint_eq(strlen(id), SEAL_ID_LEN);
	ck_assert_str_eq(id, same);
	ck_assert_str_ne(id, different);
	ck_assert_ptr_null(strstr(hex, id));
}
END_TEST

START_TEST(a_passphrase_is_stretched_as_in_rfc_7914)
{
	/* scrypt("open sesame", 16 bytes "0123456789abcdef", 1024, 8, 1) */
	static const char expected[] = "aab9fb6619524f78cee40ba27db737c4"
				       "258f69b5d11005f51c39797fdaea4a70";
	const uint8_t *salt = (const uint8_t *)"0123456789abcdef";
	struct secret_key made;
	char hex[2 * SECRET_KEY_LEN + 1];

	ck_assert_int_eq(
	    seal_passphrase("open sesame", salt, 10, &made), ROLLCODE_OK);
	hex_encode(made.bytes, SECRET_KEY_LEN, hex);

	ck_assert_str_eq(hex, expected);
	ck_assert_int_eq(
	    seal_passphrase("open sesame", salt, 9, &made), ROLLCODE_ERR_SYS);
	ck_assert_int_eq(
	    seal_passphrase("open sesame", salt, 21, &made), ROLLCODE_ERR_SYS);
}
END_TEST

START_TEST(a_mac_is_that_of_rfc_2104)
{
	static const char expected[] = "23229a250066b4e1ab50041f237ade97"
				       "e565dacf66547fe0a25282f8aba7d90b";
	uint8_t mac[SEAL_MAC_LEN];
	char hex[2 * SEAL_MAC_LEN + 1];

	ck_assert_int_eq(seal_mac(&key, "ABCDEFGHIJKLMNOP", mac), ROLLCODE_OK);
	hex_encode(mac, SEAL_MAC_LEN, hex);

	ck_assert_str_eq(hex, expected);
}
END_TEST

/* The nonce is 0, as are the key's bytes. */
static struct cbc_bytes
cbc_of(const struct secret *aes, const uint8_t *bytes, size_t len)
{
	struct cbc_bytes out = {.len = CBC_BLOCK};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	ck_assert_int_eq(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL,
			     aes->bytes, out.bytes),
	    1);
	ck_assert_int_eq(
	    EVP_EncryptUpdate(ctx, out.bytes + CBC_BLOCK, &n, bytes, (int)len),
	    1);
	out.len += (size_t)n;
	ck_assert_int_eq(EVP_EncryptFinal_ex(ctx, out.bytes + out.len, &n), 1);
	out.len += (size_t)n;
	EVP_CIPHER_CTX_free(ctx);
	return out;
}

START_TEST(what_others_encrypted_has_any_length_of_a_secret)
{
	static const uint8_t bytes[SECRET_MAX + 1] = {1, 2, 3};
	struct secret aes = {.len = 16}, got;
	struct cbc_bytes in;

	for (size_t len = 1; len <= SECRET_MAX; len++) {
		in = cbc_of(&aes, bytes, len);
		ck_assert_int_eq(cbc_open(&aes, &in, &got), ROLLCODE_OK);
		ck_assert_uint_eq(got.len, len);
		ck_assert_mem_eq(got.bytes, bytes, len);
	}
	in = cbc_of(&aes, bytes, SECRET_MAX + 1);
	ck_assert_int_eq(cbc_open(&aes, &in, &got), ROLLCODE_ERR_INPUT);
	ck_assert_uint_eq(got.len, 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("seal", 60);

	tcase_add_test(tcase, a_sealed_secret_of_any_length_comes_back);
	tcase_add_test(tcase, every_flipped_bit_is_refused);
	tcase_add_test(tcase, every_other_length_is_refused);
	tcase_add_test(tcase, of_bytes_that_are_refused_none_is_left);
	tcase_add_test(tcase, every_flipped_bit_of_the_key_is_refused);
	tcase_add_test(tcase, associated_data_of_another_row_is_refused);
	tcase_add_test(tcase, the_same_secret_is_never_sealed_alike);
	tcase_add_test(tcase, every_byte_of_a_nonce_is_random);
	tcase_add_test(tcase, associated_data_that_does_not_fit_seals_nothing);
	tcase_add_test(tcase, derived_keys_are_those_of_rfc_5869);
	tcase_add_test(tcase, the_name_of_a_key_gives_nothing_away);
	tcase_add_test(tcase, a_passphrase_is_stretched_as_in_rfc_7914);
	tcase_add_test(tcase, a_mac_is_that_of_rfc_2104);
	tcase_add_test(tcase, what_others_encrypted_has_any_length_of_a_secret);
	return test_run();
}
