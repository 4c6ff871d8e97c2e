/**
 * A certificate for 127.0.0.1 that nobody trusts, and its key: for stand-ins
 * that speak TLS. Made with
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
 *       -nodes -days 36500 -subj /CN=127.0.0.1 \
 *       -addext subjectAltName=IP:127.0.0.1
 *
 * @module
 */

/** The certificate, in PEM. */
export const cert = `-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgIUIoyUcZb6XJcGaPimw5H5Li8AtLowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMjIyMzMyN1oYDzIxMjYxMDI5
MjIzMzI3WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASx+gP49VJmKdXEWtkenjHqUKu9fGT+4Z2mKRGBSVpafif2Dfx5rRD2
UhLUQOI8FpEnzR0jWYW81rQHpT8jtSHVo2QwYjAdBgNVHQ4EFgQUOBskbztFAV29
fhf9RsZJhd4vVZcwHwYDVR0jBBgwFoAUOBskbztFAV29fhf9RsZJhd4vVZcwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQC
IEfcgmV2ks17/7qYzE9TvyN25Ofnt2fNXQtfZSC5tbOqAiAl8qt/1yv4mdGSwGvn
uUsxQTEntleJmABOmLZy9gPwGQ==
-----END CERTIFICATE-----
`;

/** Its private key, which is no secret: it opens nothing. */
export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+s7IdVNfeqJiTd05
LZ2OpS/w+qN8NTemPKFTNpWZ41ehRANCAASx+gP49VJmKdXEWtkenjHqUKu9fGT+
4Z2mKRGBSVpafif2Dfx5rRD2UhLUQOI8FpEnzR0jWYW81rQHpT8jtSHV
-----END PRIVATE KEY-----
`;
