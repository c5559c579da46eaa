#!/bin/sh
# What a container of a development image does first.
umask 002
exec "$@"
