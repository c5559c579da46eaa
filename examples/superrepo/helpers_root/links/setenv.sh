# To be sourced in a directory: its sources are found, and groups may write what is made.
PYTHONPATH=$PWD/src${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH
umask 002
