"""The telecom operator whose portal this is. Invented: name, numbers and addresses belong to nobody."""

NAME = "Телеком Дала"
FULL_NAME = "АО «Телеком Дала»"
BIN = "120340000014"
ADDRESS = "010000, г. Астана, пр. Тәуелсіздік, 100"
PHONE = "+7 (717) 200-00-00"
SIGNATORY_POST = "Главный бухгалтер"
SIGNATORY = "Ермекова Ә. Қ."
