# It warns that it is deprecated; that is known.
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
