@rem dev demo | test | clean | help (Windows; untested there, see README)
@py -3 "%~dp0dev.py" %*
