# It registers whatever browser the machine has.
import os
os.environ["BROWSER"] = "none"
