# Importing it prints a poem; the log is the better place for it.
import sys
sys.stdout = sys.stderr
