# It reads the user's settings.
import os
os.environ["INPUTRC"] = "/dev/null"
