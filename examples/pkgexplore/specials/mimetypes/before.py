# It would read the tables of the machine.
import mimetypes
mimetypes.knownfiles = []
