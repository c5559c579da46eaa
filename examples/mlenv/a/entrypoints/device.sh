#!/bin/sh
# ACCELERATION comes with `docker run --env-file .env`: it is nothing that an image knows.
export ML_DEVICE="${ACCELERATION:-cpu}" ML_KIND=experiments
