"""`wattledger edge enroll`: the device's key, and the request for its certificate. The key never leaves the device."""

from entrypoints.edge_run import SETTINGS, Config
from entrypoints.screen import OUT

HELP = """
Make the device's key, readable by its owner alone, and a request for its certificate.

Both are written where [identity] of the settings says. A key that is there already is kept, and refused.
"""


def command(config: Config = SETTINGS) -> None:
    from adapters.device_key import make_key_and_request, public_key_text
    from domain.errors import BadSettings
    from edge.settings import load_settings

    settings = load_settings(config)
    who = settings.identity
    if who is None:
        raise BadSettings(f"{config} declares no [identity]; docs/device.md shows one")
    request = who.key.with_suffix(".csr")
    thing = who.thing or settings.device.id
    who.key.parent.mkdir(parents=True, exist_ok=True)
    make_key_and_request(thing, who.key, request)
    for text in (
        f"wrote {who.key} (secret, mode 600) and {request}, for {thing}",
        f"next: have {request} signed (aws iot create-certificate-from-csr), attach it to thing {thing},",
        f"      write the certificate to {who.certificate} and the server's root authority to {who.authority},",
        "      then run `wattledger edge doctor`",
        "for the ledger, so that nobody else can write in this device's name: this line into its site file",
        f'device_keys = ["{public_key_text(who.key)}"]',
    ):
        OUT.print(text, highlight=False, markup=False, soft_wrap=True)
