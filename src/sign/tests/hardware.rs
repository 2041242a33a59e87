//! Keys on hardware: the signatures are made here in software, byte by byte as the device does, and held against OpenSSH.

use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData};
use ssh_key::public::{KeyData, SkEcdsaSha2NistP256, SkEd25519};
use ssh_key::{EcdsaCurve, HashAlg, PrivateKey, PublicKey, SshSig};

use super::*;
use sha2::{Digest as _, Sha256};

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend(bytes);
}

/// A signature of [`MESSAGE`] by a device with this private key, with these flags.
fn made(private: &PrivateKey, public: KeyData, flags: u8) -> Signature {
    let to_sign = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, MESSAGE).unwrap();
    let mut data = Sha256::digest(b"ssh:").to_vec();
    data.push(flags);
    data.extend(7u32.to_be_bytes());
    data.extend(Sha256::digest(&to_sign));
    let raw = sign_raw(private, &data);
    let public = PublicKey::from(public);
    let mut inner = Vec::new();
    put(&mut inner, public.algorithm().as_str().as_bytes());
    put(&mut inner, &raw);
    inner.push(flags);
    inner.extend(7u32.to_be_bytes());
    let mut out = b"SSHSIG\0\0\0\x01".to_vec();
    put(&mut out, &public.to_bytes().unwrap());
    put(&mut out, NAMESPACE.as_bytes());
    put(&mut out, b"");
    put(&mut out, b"sha512");
    put(&mut out, &inner);
    Signature::from_bytes(&out).unwrap()
}

/// The bare signature of a private key, as a device makes it.
fn sign_raw<K: ssh_key::SigningKey>(private: &K, data: &[u8]) -> Vec<u8> {
    private.try_sign(data).unwrap().as_bytes().to_vec()
}

#[test]
fn a_touched_key_counts_and_openssh_agrees() {
    let ed25519 = Ed25519Keypair::from_seed(&[7; 32]);
    let ed25519_public = KeyData::from(SkEd25519::new(ed25519.public, "ssh:"));
    let ed25519 = PrivateKey::from(ed25519);
    let mut cases = vec![(ed25519, ed25519_public)];
    if let Some(pair) = p256() {
        let KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, .. }) = pair.key_data() else {
            panic!("a P-256 key was read");
        };
        let public = KeyData::from(SkEcdsaSha2NistP256::new(*public, "ssh:"));
        cases.push((pair, public));
    }
    let keys = Keys::new();
    for (private, public) in cases {
        let good = made(&private, public.clone(), 1);
        let list = format!("{ADDRESS} {}\n", good.key().line());
        let verifier = verifier(Some(&list), None);
        assert!(outcome(&verifier, ADDRESS, &good).unwrap().vouched);
        if let Some(keys) = &keys {
            assert!(keys.openssh_accepts(&list, ADDRESS, &good));
        }
        let untouched = made(&private, public, 0);
        let why = outcome(&verifier, ADDRESS, &untouched).unwrap_err();
        assert!(why.to_string().contains("nobody touched"), "{why}");
    }
}

/// A P-256 key made by OpenSSH; none without it.
fn p256() -> Option<PrivateKey> {
    let keys = Keys::new()?;
    keys.make("p256", &["-t", "ecdsa", "-b", "256"]);
    let text = std::fs::read(keys.path("p256")).unwrap();
    let key = PrivateKey::from_openssh(text).unwrap();
    assert_eq!(
        key.algorithm(),
        ssh_key::Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP256
        }
    );
    Some(key)
}
