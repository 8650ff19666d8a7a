"""The national authorities, as constants: whoever is named here is trusted, so every row is a decision.

Values are those of the certificates published by root.gov.kz and pki.gov.kz (production) and by the national CA's test site;
tests/vectors/print_anchors.py prints a row from a certificate file. An authority is found by the octets of its name and
proven by its key. Titles are for people and mean nothing to the program: two production roots of 2015 and 2020 differ only by
an O in their name, and one test root has no "TEST" in it.
"""

import dataclasses

PRODUCTION, TEST = "production", "test"
ROOT, ISSUING = "root", "issuing"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One authority. `name` and `public_key` are DER (Name, SubjectPublicKeyInfo) in hex; `sha256` is that of its certificate.

    `path_length` is the pathLenConstraint of its certificate, None where there is none. `url` is where its subjects say
    (caIssuers) that the certificate can be fetched, or public programs fetch it from: a hint, never a proof. It is empty for
    two authorities of which neither is known.
    """

    title: str
    domain: str
    kind: str
    sha256: str
    not_before: str
    not_after: str
    path_length: int | None
    url: str
    name: str
    public_key: str


ROWS = (
    Row(
        title="Root CA of Kazakhstan, GOST 2004, 2015",
        domain=PRODUCTION,
        kind=ROOT,
        sha256="9ab210e54e6b0343321131202d9edcc2598f598cfdd9ee4ec1056021ab2e9759",
        not_before="2015-07-27T05:20:49Z",
        not_after="2025-07-27T05:20:49Z",
        path_length=None,
        url="http://root.gov.kz/cert/root_gost.cer",
        name=(
            "3081a33146304406035504030c3dd09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0"
            "a3d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a2028474f535429314c304a060355040a0c43d0a0d09cd09a20c2abd0"
            "9cd095d09cd09bd095d09ad095d0a2d0a2d086d09a20d0a2d095d0a5d09dd098d09ad090d09bd0abd29a20d29ad0abd0"
            "97d09cd095d0a2c2bb310b3009060355040613024b5a"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a010301010003430004409675"
            "4075842e3fd43e33a56f322b706ced5d4ff627caa9549ceccda7edacb63643c96557ba99627532dcddc1ababd60f2f05"
            "3b3d0a591db2344f36fbb5adb610"
        ),
    ),
    Row(
        title="Root CA of Kazakhstan, GOST 2004, 2020",
        domain=PRODUCTION,
        kind=ROOT,
        sha256="c48164ab5ccaaee6b938299a1e3aeebd6f698bb2bd716a0f0d85befc46166aa2",
        not_before="2020-09-08T09:54:36Z",
        not_after="2045-09-08T09:54:36Z",
        path_length=None,
        url="http://root.gov.kz/cert/root_gost_2020.cer",
        name=(
            "30553146304406035504030c3dd09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3"
            "d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a2028474f535429310b3009060355040613024b5a"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a01030101000343000440ee2e"
            "062a17fabfd3debc9ea72da23b36dfee81a81268d468ce2450f01fd05b033518108ff2cb136c816bb90a8e1128438b54"
            "661b2a40989a8bb3017b54c7a60d"
        ),
    ),
    Row(
        title="Root CA of Kazakhstan, GOST 2015, 2022",
        domain=PRODUCTION,
        kind=ROOT,
        sha256="af77725f8328bb24f89d81da3acdf7cee4324248538b7ba2cd2a860517fb9dca",
        not_before="2022-06-15T04:56:12Z",
        not_after="2045-09-08T04:56:12Z",
        path_length=None,
        url="http://root.gov.kz/cert/root_gost2015_2022.cer",
        name=(
            "305a314b304906035504030c42d09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3"
            "d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a2028474f5354292032303232310b3009060355040613024b5a"
        ),
        public_key=(
            "3081ac302306092a830e030a010102023016060a2a830e030a010102020106082a830e030a010303038184000481802e"
            "4844618208761f17936701c4e74cb4e7ae1a64af921ceed268aeb71a49763678cb5d09fbb8be3dd24d2687a00380b266"
            "917617074c13d439cf27a334fcc1e288a7de9f5ccdc6079487a572e25266382afbd33a2be55d3dd6930f1caf014a8ba4"
            "46a073e3ba356d37324aa27db8d370207bd58cf9d67ca84e9520c0f49a6ed4"
        ),
    ),
    Row(
        title="Root CA of Kazakhstan, RSA, 2015",
        domain=PRODUCTION,
        kind=ROOT,
        sha256="a7064abc5699827f370c67b09f1a1bfd7ad5e1514d471223df209c08300ea972",
        not_before="2015-07-27T05:22:53Z",
        not_after="2025-07-27T05:22:53Z",
        path_length=None,
        url="http://root.gov.kz/cert/root_rsa.cer",
        name=(
            "3081a23145304306035504030c3cd09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0"
            "a3d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a202852534129314c304a060355040a0c43d0a0d09cd09a20c2abd09c"
            "d095d09cd09bd095d09ad095d0a2d0a2d086d09a20d0a2d095d0a5d09dd098d09ad090d09bd0abd29a20d29ad0abd097"
            "d09cd095d0a2c2bb310b3009060355040613024b5a"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a028202010096a2dd3fc67c1bcb2be5f5a2fa5a7c"
            "af67ea45ed8d2ec8ae1e7b64353aaed756e763b87eab92e501b4d52623df151721a9e820eb8b2129da8dcbef6b3d6dd2"
            "c2ada1c00410d87ac0c284da78a3e0877b6eb15c61440c849aadaf5701969ae89c8ae0d44abe3984c60c1066fc4b0a1c"
            "15d5b5ee0c7a6fe3188af710e1442ff89826b75af4d2dc81779a9c6af50848cff1998a8d7e3fa8c580a9b87b68f83498"
            "9a40f52c280e6d27bc249d813181f54a117b1a82e9aef9c4875061c616108fdcc7aa796079ede3f7a21e013fa77c1d26"
            "3a02b4ea9ccca97500c09d22a75179cd2cc38517c4ffa63d18b2393b798f35e5352cc1fbd034cfa0f1f0160e3e0afa3d"
            "50692e60ee59401b043d92005da956f1fd75bb93b9c00e7040fbffbfd4353427e332cbb7522186ee935e98e90e6adcc8"
            "9f6d9a3f8cacf197ebabe51f803b91b1071ebf099212785cc90f426d9bf54f6f304c753c5a1177bf007f7fddd9dab268"
            "aef26e1ee24593f6813dc91e416dde0f1824b372f57593369c821e62b524137a1ecb6db77954106bf61601f385f2cbd5"
            "b761dbb503e38461a3ebce7cc6f4d88b8144ad90363f99e88e027b8d27523168aef1d2edfca8cd1d30c420f69808abed"
            "d2ab604b7ea05744026d71b2ad24cd217ad7842797ef5498bc96e33cc626487f78b58e8a1114a949de62c5569560a6d9"
            "55bcb0c3c6530f53c178be367ac482699b0203010001"
        ),
    ),
    Row(
        title="Root CA of Kazakhstan, RSA, 2020",
        domain=PRODUCTION,
        kind=ROOT,
        sha256="9ba06354b626641715182e4d07c9dbaa1777720fa795d03174ffc68876535dcd",
        not_before="2020-09-08T10:04:54Z",
        not_after="2045-09-08T10:04:54Z",
        path_length=None,
        url="http://root.gov.kz/cert/root_rsa_2020.cer",
        name=(
            "30543145304306035504030c3cd09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3"
            "d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a202852534129310b3009060355040613024b5a"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100a377b260eb67ed8a67e365ec44504d"
            "2ca56f7f76568c92cd6d427e0c4cd3f3c7d5e23c764708d3f03c6b65e53f709f0db34a30c841ac3fe32aa9b2f8e7ef2a"
            "e326d7c64a14f6873fa42a8714e45aee75e0c6b61386781a931d62e01a745b03a5f14cb502c678e3335a19e58b5c7bd2"
            "17c31feb76b9afe0f5699622b87ae0cb7a5d0ccca1404ac99089f02827bfd02e2f0627d198a7f7559b1b699b72aec9c5"
            "2db3fb7ae309330fd1d0ec2ec33817e25563521b45cc8c84d92011acfe09810d22235a30ff436c0b196095111f0d67fd"
            "dc646696d1ff8617bedc3b008f532d08f60fb49afcba7468958da86505e05e9941018945af1a85c560a4cc6afc642317"
            "49f959f4c8c242016afc9859c2a0cad40688f503d0adabf117de7cba7b71e4aaad8f08ec148064efc7b51a46ded4f6ed"
            "b55316c1bc646138d671c91ce301f8f9a699189742d191e9b8625da421db7013b78d67a2bc9449b111f94321dce6956b"
            "2a83d1e53cf33cadf0f8f8931d4ed2881bb50bf92deb3aa567149d8b0e77bec6e3f33b9fee13d1bf72bea9e1aacdb084"
            "2c27344f976d19ef1faaddcf547663bdbd63c080ada81f21cfe70ebe8c2d96418e9ff19044ee1acc908e28e123d7fd98"
            "4858f74524a282ea43d383933865fb63d0ff22049abb3a9234e5087a34a7ae9754b256cabaed0b48533b9ccc9fb7a984"
            "87d2560286ad18f6514985b7a876b15ea50203010001"
        ),
    ),
    Row(
        title="National CA, GOST 2004, 2018",
        domain=PRODUCTION,
        kind=ISSUING,
        sha256="908521d0531e5645e64b34d3588374a3a83582c860e5f7293a04c41217e8cc18",
        not_before="2018-08-08T04:55:58Z",
        not_after="2025-06-25T04:55:58Z",
        path_length=None,
        url="http://pki.gov.kz/cert/nca_gost.cer",
        name=(
            "3053310b3009060355040613024b5a3144304206035504030c3bd2b0d09bd0a2d0a2d0abd29a20d09ad0a3d398d09bd0"
            "90d09dd094d0abd0a0d0a3d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a2028474f535429"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a01030101000343000440f74e"
            "75865df52ef562655ed2eebb68c37b7a5aec24e2adf73f9744d74f113af4e8ecbc9d6fd1642c99a020c4033fd9e0ad6e"
            "72104c4913cc932a92c01cef7c58"
        ),
    ),
    Row(
        title="National CA, GOST 2015, 2022",
        domain=PRODUCTION,
        kind=ISSUING,
        sha256="32c7d233a42703a327f3025543a05b930e3f39a786c68dfa196baa86d5618524",
        not_before="2022-06-15T05:01:09Z",
        not_after="2045-09-07T05:01:09Z",
        path_length=None,
        url="http://pki.gov.kz/cert/nca_gost_2022.cer",
        name=(
            "30583149304706035504030c40d2b0d09bd0a2d0a2d0abd29a20d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3d0a8"
            "d0ab20d09ed0a0d0a2d090d09bd0abd29a2028474f5354292032303232310b3009060355040613024b5a"
        ),
        public_key=(
            "3081ac302306092a830e030a010102023016060a2a830e030a010102020106082a830e030a010303038184000481805e"
            "13a1a72a4ad33556ef18dc36e2aa3400876b13ec72ea54c9ea262ec8f9d7ecd2fae5448bcd7006bc4a644febd8a51fd2"
            "52fea1a567c08a18dd6b0cc09df4228a67f33b630f931abe6e8794914fe9d9cf6ebc05e22eaf107cb717952f441150de"
            "0b2bc959f2e33dffd6db17778abfecdb8ac2eeb5c7b9ff3d935ca53026679e"
        ),
    ),
    Row(
        title="National CA, RSA, 2018",
        domain=PRODUCTION,
        kind=ISSUING,
        sha256="34d1b311a9873191ae3382805df51e0a5da23315c512a8deeb885668ceeb5834",
        not_before="2018-08-08T04:26:36Z",
        not_after="2025-06-25T04:26:36Z",
        path_length=None,
        url="http://pki.gov.kz/cert/nca_rsa.cer",
        name=(
            "3052310b3009060355040613024b5a3143304106035504030c3ad2b0d09bd0a2d0a2d0abd29a20d09ad0a3d398d09bd0"
            "90d09dd094d0abd0a0d0a3d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a202852534129"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100ae5bcc73d5f4c64b55633fd399b6c5"
            "2b390d9d7e590ea44def8f318da139bff9dbbf9ea7d21dbe5031b73425bdbafa43a23c260f4560e58541d75012a3287a"
            "2a6c693f2f6fb179ebd548a7833704bb3dd7e2f5c49561461a258289d6ae377d9f7374ea912f8225ce0f6071956a4f22"
            "7c5536f4cb448b838ec3bae4a39ec99781ccb9cf8546842c6f5370f9ef66df5da2e71a0bcf1c692f511513510e6d37c9"
            "fb81f8b244fb99ee5feb3270c54b900288d001eee0871d97a0e292a3f697f301dc149c9d0ec2cf34c22a7e69baae91d3"
            "a56e395f442e109a6fc252176bf3af8790b870072d7cfad7f2cddb6bc520d18c19bf0bb12e12902033ff7d2c6274c2b0"
            "395c00c8908b615df476dc04c1c4957c10b2837fe4e5a5a87e02b66479e6e99e3ef6c2c02466645d769bae892bf27af4"
            "20e3e7962a1032e1aa6227f8185532fd595695a9cb70e4af8b6b1f76a0c9790e1748e3f5b5ace189f98121328dc2d645"
            "bf57bde62d0e207d269067ed6446b1dc12773a2d86937c55c4fd2ce48987824acbced6224f642e0c2e4cab267b357d10"
            "e24f5d118101a9b10062f13533c57b402bea33ea417d2d0c98c6ac806ad0b1bdb691827a312e2a4152ba22f3894ff20a"
            "a8e50d4f91f3151630ab2833a47410bc7964b7c3c655cc0af66d45e96c1b29e72fd92d8db91f9640f236694d907f784b"
            "e8ea22d02e301f89e815b91fdf8faa5d550203010001"
        ),
    ),
    Row(
        title="National CA, RSA, 2022",
        domain=PRODUCTION,
        kind=ISSUING,
        sha256="84fb799a66140950818c056a5d9730acc2a7622cdd4ef0d47113b132fb892905",
        not_before="2022-09-22T10:38:15Z",
        not_after="2045-09-07T10:04:54Z",
        path_length=0,
        url="http://pki.gov.kz/cert/nca_rsa_2022.cer",
        name=(
            "30573148304606035504030c3fd2b0d09bd0a2d0a2d0abd29a20d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3d0a8"
            "d0ab20d09ed0a0d0a2d090d09bd0abd29a2028525341292032303232310b3009060355040613024b5a"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100930f57cc4f2dd143523850debdb2e8"
            "be3430c7d4360ae6d67248778d2055b4c1865b454ca93ee3ef73934c200a8ca325e1247fd0a4f7b81dd00cc8f694eafb"
            "b489ee5ef903b9d380019833cbd0034233bc400c7f150b4e8ada99d5b9c2b88a97a752d7b785cb59bfc24ce05dc8ea37"
            "195e1e296bba933ac1a9da5894879a3898e5ca6a46279d9382c83227a0fcf2c8146c50c309a20907fe3392cd0d20c31d"
            "baace19f0bd52598d68ac1cfe0cb8f40b1f97bb450a764a16062eb2dd173c1aebf708f726b34dc361bb1ad998692ee92"
            "374d168b17512b0cecfa2330919176af72584c21e0b3f11a4880091a0c1e4122e37d0afde40cce285b49371281ab0fb6"
            "44fa2900c5e1d98116b4b46328de5e98e86e4b3cea9f565aec1de2d0661fcf9f96dd0b134a9ac318be7ac7cb1dd26c11"
            "e8439be06bba17adac76265654f6138467278293ec9b43d86a0328405650c872732b7d241ab4412d728ac650c1d43369"
            "ee46d780950ef2846e1a6dfc831aa6308029acbc0a4a10070a957705b2380081db85bd96fd3045272abd730c9cbc5109"
            "c679f2f3a30fdf49a44d1946dda0e8f38e9061cb4e546d5c15cc2cf80f70f562709390db4d538bcaea1c5970a333fbf4"
            "87558a31e7f0975e6cdf7df0f033ca6a2e99fc1194a086f6e96cf2d113141fffcd7bcf6fef80ebbcb2500fe6be89f37f"
            "ba3cb30df183284b1798cac789c9b4c1d10203010001"
        ),
    ),
    Row(
        title="BTS Digital CA, GOST 2004, 2019",
        domain=PRODUCTION,
        kind=ISSUING,
        sha256="74bb80edf34f4594e5e69b79029c64214e67630e3d16b82f952ab6e5956c5fa8",
        not_before="2019-08-01T10:33:33Z",
        not_after="2029-07-29T10:33:33Z",
        path_length=0,
        url="",
        name=(
            "30353110300e060355040313074254534420434131143012060355040a130b425453204469676974616c310b30090603"
            "55040613024b5a"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a01030101000343000440d8ce"
            "d086f8f0caf5fc6fc22c0d7f852b4f1f4d2ae74384e2dbd172a4bffea04f10ac2c703463fff7e9f49fabe331701ca752"
            "a5dc321613b98a020492dcd7a696"
        ),
    ),
    Row(
        title="CA of state bodies, GOST 2004, 2022",
        domain=PRODUCTION,
        kind=ISSUING,
        sha256="eb5a5318299db447a46619d2a541f026b52c1fce8a1d371262da8f6f2d7bb6f5",
        not_before="2022-07-12T04:44:51Z",
        not_after="2045-09-07T04:44:51Z",
        path_length=None,
        url="",
        name=(
            "30819f310b3009060355040613024b5a3130302e060355040a0c27d0a0d0b5d181d0bfd183d0b1d0bbd0b8d0bad0b020"
            "d09ad0b0d0b7d0b0d185d181d182d0b0d0bd315e305c06035504030c55d0a3d0b4d0bed181d182d0bed0b2d0b5d180d1"
            "8fd18ed189d0b8d0b920d186d0b5d0bdd182d18020d093d0bed181d183d0b4d0b0d180d181d182d0b2d0b5d0bdd0bdd1"
            "8bd18520d0bed180d0b3d0b0d0bdd0bed0b2"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a01030101000343000440932c"
            "67869ae16580479c8eaf4bd8eef1e3b74420f720c58702d54b808ead40600d4f3f411633a8b39525d27aca17060163f3"
            "1f44b5c5d8434ac6d94916f459b9"
        ),
    ),
    Row(
        title="Test root CA, GOST 2004, 2018",
        domain=TEST,
        kind=ROOT,
        sha256="06021684f52054692a1859686d5af527eda779e6183c2f3cd4fc1278e4067beb",
        not_before="2018-07-05T05:22:12Z",
        not_after="2038-06-30T05:22:12Z",
        path_length=None,
        url="http://test.pki.gov.kz/cert/root_gost_test.cer",
        name=(
            "30373128302606035504030c1fd09dd095d093d086d097d093d08620d09ad09e20544553542028474f535429310b3009"
            "060355040613024b5a"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a01030101000343000440a2f4"
            "cad615f28534de9b833e3b9dce8307f057a44abf3190b4c95aefc1cb719ebffe75534906f9fd4cfdb5705afd58381238"
            "a2d2d79e09b74b6ba8787af98c61"
        ),
    ),
    Row(
        title="Test root CA, RSA, 2018",
        domain=TEST,
        kind=ROOT,
        sha256="4d05179bcb02180bfc37618372671357df7dd8b7865973eae77b83213cae717b",
        not_before="2018-07-05T05:16:05Z",
        not_after="2038-06-30T05:16:05Z",
        path_length=None,
        url="http://test.pki.gov.kz/cert/root_rsa_test.cer",
        name=(
            "30363127302506035504030c1ed09dd095d093d086d097d093d08620d09ad09e2054455354202852534129310b300906"
            "0355040613024b5a"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100cc8163d0ea9900c40c481a8f442cb1"
            "d90755b7ad3623fa888281f4f886031a81142f5b80d87f1288f2ea43dab9fa2478abf7ea0f00e51028dc9687f7b22714"
            "d4fbb42a58403a5d6e8969fe46b8c9eb98dafd0f2b9ae4854ef08f3da8cc462001a8c60606228727ef2df0993cd777cb"
            "3082532f459b14555ce84789d8fa3bb70790009ca068e352ccd74888d03c37b8117f67e9320f46c39840916743c6cba5"
            "541b6f3deeae02a067412a31d401d2c09512fc3fc74b0c3849475ec24d9d6f11d0defa3ec1d1fc38bcb1bec11fffaf5f"
            "026f285cf57ba81e8ed3fedb1f125e9a96a9a089ae96099b6f590d10e4b6a5fcb209a7c85a5d29be655bb052e519e861"
            "d2206c51b6e34ee7880e4fdfb0ce70e1019083e4051a35ada4e221d098029f708b4ac3ad87f2485f7d6ecb9d26892a68"
            "127fb5607d3f63fba7d8a1ae4bc0ed4b5351629989bfde1d2d3681e5d99de0303db89dcaa3a7de9c5b9237f45935119a"
            "7de6b9edaee1a45b96eccb2ec6bfcab220e2f6c75dd8067360304115d8e42c25c075a7741a6717dcc67850139e1e67f1"
            "6a1915dafec95db88cac8729aba5bd6eda1905b2934425e4f773a7d0286ffc7849f0a96fbf3f5fc012b2bc57661093e6"
            "8ec81a883f3c583179a30e3d20c080a109bebe1d343d85574ab6a3821a1116c226cc19d37c7851c53f81fe33b36aa694"
            "8f661850819e6f154c838e4fe03bc7c7b10203010001"
        ),
    ),
    Row(
        title="Test root CA, GOST 2015, 2022",
        domain=TEST,
        kind=ROOT,
        sha256="b995e79e7c07429f8f79e185451e5599ce342ac720000f01b3854fdfa03031a6",
        not_before="2022-07-07T09:05:52Z",
        not_after="2032-07-07T09:05:52Z",
        path_length=None,
        url="http://root.gov.kz/cert/root_test_gost_2022.cer",
        name=(
            "305f3150304e06035504030c47d09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3"
            "d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a2028474f53542920544553542032303232310b3009060355040613024b"
            "5a"
        ),
        public_key=(
            "3081ac302306092a830e030a010102023016060a2a830e030a010102020106082a830e030a010303038184000481804e"
            "fe87b29eee7e29c3eb567ed66722682bcccc7e362669f0dd6cc152c02441bed559212cf0c5667ceb719dd86daa12e29e"
            "2ea340449a07ff4b8e4c671b6fa8e4fca629e2a1e0c6a0c41a5933d6e92790841dd7e5e197a08d9f0d1cbe5c73222ca4"
            "73600d818fcda3b757102e579fdcc6c90e8f9f93f96b34704eea6fee0e8957"
        ),
    ),
    # A test root with no "TEST" in its name.
    Row(
        title="Test root CA, GOST 2004, 2020",
        domain=TEST,
        kind=ROOT,
        sha256="e76d2ba06ba15f28b590f9452a7a5f1150c68dd11d09842f0b63041339048056",
        not_before="2020-09-07T05:34:47Z",
        not_after="2045-09-07T05:34:47Z",
        path_length=None,
        url="http://test.pki.gov.kz/cert/root_gost_test.cer",
        name=(
            "305a314b304906035504030c42d09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3"
            "d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a20323032302028474f535429310b3009060355040613024b5a"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a010301010003430004407f89"
            "57b47720cbd2cf5f09d2caf381851e66a3cff60d29dec4e39c3d578bf3095d2c7c3892344ba2f80f8d106f267aed3738"
            "9ac8c628cff2f1da485d29fc3092"
        ),
    ),
    Row(
        title="Test root CA, RSA, 2020",
        domain=TEST,
        kind=ROOT,
        sha256="1778a7639bcbf3333e7a83461d1e126bff46a0f74b73d3345356540dad138b11",
        not_before="2020-09-07T09:54:45Z",
        not_after="2045-09-07T09:54:45Z",
        path_length=None,
        url="http://test.pki.gov.kz/crl/root_rsa_test.cer",
        name=(
            "305e314f304d06035504030c46d09dd095d093d086d097d093d08620d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3"
            "d0a8d0ab20d09ed0a0d0a2d090d09bd0abd29a2054455354205f323032302852534129310b3009060355040613024b5a"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100c7b25ab002159a2a6d3199286d0d74"
            "9bd303c45362bed2feb1640b44ea20308e707e0f8b7e5012f690d2e0ee2d88cbf170bf82cfc3c9c5305d2337ef422c11"
            "46b8772654b4f82869c57ed4de6ac5b9aba396cdccf9db92df201b82f7671cfb8d4dc5e612ca5f1dafaab53507a1c3b9"
            "5fdfb38df0c1fa901ebdf003ea7f47b3a0da3ea1fde8404b6675d12e33a9e0cfe5a0d8cc1186801df3dde9097d9f766d"
            "7031f2692f9cf33a0a2eec75b7f6587ee4fd8aefc9617466d6a720fac182c503cea43975bd7d21eb51e492777aeb4628"
            "b29346a60dec30ecdab787a9210b2653daf0e47a6cc95329ba517cf35f419be3d259b4351cb3ce6c9d8c1de08a8981c7"
            "880ec2bc68121dff02d78570bb1909423d5362da6afaeb2a25fca8283447e61384aafc9f2d237ae8447aa28c8ca50758"
            "07be8205a52534a36b0a3df604f11080997cbd504d947793074683a332b88302319542120728638679368a48a1fb7e74"
            "779017d8d0b01670c9932264d86631bd636f4e04d1d646f3ec4b058fd92033e41dd609211b1732329f81e4e30600534f"
            "7169fb75bd4158350b808a02fb79d8d06aa74484e4979e70c5d62d59864f660f3bff0cc8ef41dbf8755df612fec8d696"
            "33757c089c7eff2304214ce33153f484880b936b7f92a59b96bcc65611b23f4a47e5620d56fac83c92f087f1e4344246"
            "2614abb809c3040f3570b2dacec2e873b10203010001"
        ),
    ),
    Row(
        title="Test national CA, GOST 2015, 2022",
        domain=TEST,
        kind=ISSUING,
        sha256="beeffc0bdb77cd798c35983eb0715f6ef0051cccb71d7cd05505e8a4fb2c6f4d",
        not_before="2022-07-07T09:55:23Z",
        not_after="2032-07-04T09:55:23Z",
        path_length=None,
        url="http://test.pki.gov.kz/cert/nca_gost2022_test.cer",
        name=(
            "305d314e304c06035504030c45d2b0d09bd0a2d0a2d0abd29a20d09ad0a3d398d09bd090d09dd094d0abd0a0d0a3d0a8"
            "d0ab20d09ed0a0d0a2d090d09bd0abd29a2028474f53542920544553542032303232310b3009060355040613024b5a"
        ),
        public_key=(
            "3081ac302306092a830e030a010102023016060a2a830e030a010102020106082a830e030a01030303818400048180b8"
            "3a7dfc48fecc4f2da0e1de12ec2bc7fd3fb3cc163739e95db517e48314a3645118125c6f7762798f52e2afe8da8ff1f9"
            "47193155fa0a4688ce29dd73d16dd137b20d2143c49aa075d1da1ea1a1f3373b27200052472011c3b2b33931ca9f824b"
            "955609cffc59d49339841b7fec0b467d73b531dbb52c9ee75f795bd510186b"
        ),
    ),
    Row(
        title="Test national CA, GOST 2004, 2019",
        domain=TEST,
        kind=ISSUING,
        sha256="0307e8bdf77cb708b7c9d9a5799facdc6de7154447cb394af9ac9b528c3d82c7",
        not_before="2019-03-14T11:34:07Z",
        not_after="2024-03-12T11:34:07Z",
        path_length=None,
        url="http://test.pki.gov.kz/cert/nca_gost_test.cer",
        name=(
            "302e310b3009060355040613024b5a311f301d06035504030c16d2b0d09ad09e20332e302028474f5354205445535429"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a0103010100034300044075f8"
            "211022800249bf42ba3fe920c366dd9d229cc44a324063794c2c89f75a4705a953a74f41f0c6161eae1b41113e4638b3"
            "3d050548e191d86655000ec93af4"
        ),
    ),
    Row(
        title="Test national CA, GOST 2004, 2023",
        domain=TEST,
        kind=ISSUING,
        sha256="2e0e476ea0d25bfdc317475320444a9df6c92a198ace491baa6f427d6b47b992",
        not_before="2023-06-02T09:38:44Z",
        not_after="2028-05-31T09:38:44Z",
        path_length=0,
        url="http://test.pki.gov.kz/cert/nca_gost_test.cer",
        name=(
            "302e311f301d06035504030c16d2b0d29ad09e20332e302028474f5354205445535429310b3009060355040613024b5a"
        ),
        public_key=(
            "306c302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a01030101000343000440bf19"
            "cfcd449b7229964691c9c1204596421b994d6167da50dda0da04701acc7e716534991df91758338aec52c4281caea00e"
            "268918fcb761d566bb63863bb049"
        ),
    ),
    Row(
        title="Test national CA, RSA, 2019",
        domain=TEST,
        kind=ISSUING,
        sha256="7e96a36409dc11e0fc99efae41f8c639e16a495d77c2f2278edb98580f997231",
        not_before="2019-03-15T03:42:17Z",
        not_after="2024-03-13T03:42:17Z",
        path_length=None,
        url="http://test.pki.gov.kz/cert/nca_rsa_test.cer",
        name=(
            "302d310b3009060355040613024b5a311e301c06035504030c15d2b0d09ad09e20332e302028525341205445535429"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100d4dbf5441df680f089b3d9c267faa8"
            "aae2f0aa34d70a802a38da62d3d9a96b223f1e8f7e0ef98efe1b57724de7df5584231a30e02e9b56a2f8134753dd99cc"
            "89b05c7674b6c8b6738e100cfd012eb34f745472d822bbd3860a54ba2339bd2ee139d77e096e351fd5e52a079678ccbc"
            "c4d20aabbb47b3a198f5b92094e2816f430189afc8dde87b37a86b31a5d18094b237c17ba334657e4445e0303805227b"
            "751e4bbfe4fa5282f444d145da430e2de742be4a1d7b621641c5bb36d8d8380efc1e91afc06abec04041df7fcf93aa1d"
            "f0e933f86963c2211b62a718da51ce64195eb7130f7d4fd1659692ad797bf05101c4d6b4c223cabf30fabfeb420099bb"
            "c9a4214dde390b5231550ccc87f8195743845bd138d250ebf01b6661d7a23d84e562600800999dd881ce08acefd61d85"
            "5065cff8ee5dc018877142264f662b7c2d878a46e6e048db654cf83012da2224f040e7108e0bc7788617a422228be955"
            "d47a044e9240f6b26c928d30dd72b9caf5c21d07ffe074ef512e0370a258be3870ae46ec0c0169eec0d412299b90c97a"
            "ce9c33bf42bc259a364791b98e6f4a888ada450d7ee2f2dae0afbfda332a900ff314feb8cae0a316e2dce8592d9f8ef6"
            "8935820515d0ea08ad073c6b628720f9e464bd5e379669bcb4783a8cf4e507be7c11cfb4e23fd5f3d911e501eb5d58ee"
            "5adf1b06b2b082bfdd7815a9e8a7d6e4970203010001"
        ),
    ),
    Row(
        title="Test national CA, RSA, 2023",
        domain=TEST,
        kind=ISSUING,
        sha256="5b92d85a88fdeee7ccdb06771d82fa1faae3de87839edb368ea1ac07fca04f2a",
        not_before="2023-06-02T09:38:59Z",
        not_after="2028-05-31T09:38:59Z",
        path_length=0,
        url="http://test.pki.gov.kz/cert/nca_rsa_test.cer",
        name=(
            "302d311e301c06035504030c15d2b0d29ad09e20332e302028525341205445535429310b3009060355040613024b5a"
        ),
        public_key=(
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100b1d56502cd37a377d533b85fe05438"
            "abbc865f6249cfd72c45697bbc75a4b88ceee128a0ef67617e48873c6302e75a5277af921e8315628a566f27f520d562"
            "c2bd644d0ee062714b380b3f010c47bc375d1265ef81237d7122c71b657c88b9f54ba37489ab6a924a30eb0fe710168d"
            "6f5284db7d710b0c754e590938ea81aafdc9486854050e96f6a10622bb019e48d1233d88c44227e697cc54a855b87dca"
            "6774164ad0c633f9bfd59a66439dc8bb5d8da98122f1b3027a9488d1e268202e458478528a7299a48b038958471ff49d"
            "3e4bbb294349d613b97ae6e562d74721e3784f4e8bbe3237d354da14347f96b6976e22709b821ea3c98b887bcae5962b"
            "452ae3c320b5a74304a47f6eb87fba1cc7c5563e555c94817ebdf488619ad4f2b97d06090c409537bd114cdece02cd08"
            "b587bc59d9d9f2e75fa4800f7f321335cd1afd49667369acb94ac07587cedd7e6c7646d5e0370d67945df2546dc7a18b"
            "d9e6cf3dc5969d81dde0c42b0bb4f10ba31b3385a27fe1cdf416c2f2e447b0b4def4c24c132bf539f0cfaccb8a55328c"
            "3276655767dc9eb1a0a70ae512a7f56618e5828ce0094c00baf84594153fc5307af328b042e4ee14ab7bb14f1b6d29a4"
            "3fb149c064a0533b4f68a066ea5807af996169d19c52d7cad351822f83a44d413284f56194215479e1fa4b3fe142abf6"
            "6fbfd79534add34e15ef42802bfa973a0d0203010001"
        ),
    ),
)
