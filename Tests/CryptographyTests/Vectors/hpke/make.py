"""Writes hpke.json beside it: messages sealed by the HPKE of pyca/cryptography (48 or later), which shares no code with
ours, to keys that are stated. Run it again only to change what is covered; every run draws new ephemeral keys."""
import json
import os
import pathlib

from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric import x25519

suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
raw = serialization.Encoding.Raw
rows = []
for number in range(24):
    private = x25519.X25519PrivateKey.generate()
    public = private.public_key()
    message = os.urandom([0, 1, 15, 16, 17, 190, 1000, 4096][number % 8])
    info = os.urandom([0, 1, 48, 200][number // 6])
    rows.append({
        "private": private.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()).hex(),
        "public": public.public_bytes(raw, serialization.PublicFormat.Raw).hex(),
        "info": info.hex(), "message": message.hex(), "sealed": suite.encrypt(message, public, info).hex(),
    })
pathlib.Path(__file__).with_name("hpke.json").write_text(json.dumps(rows, indent=1) + "\n")
