#!/bin/sh
# What a container of this environment starts with.
set -eu
. /opt/entrypoints/project.sh
. /opt/entrypoints/device.sh
exec "${@:-sh}"
