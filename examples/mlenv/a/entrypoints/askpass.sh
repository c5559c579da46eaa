#!/bin/sh
# What `sudo -A` asks. The password comes with `docker run --env-file .env`: no image holds it.
printf '%s\n' "${SUDO_PASSWORD:?is not set}"
