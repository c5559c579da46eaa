#!/bin/sh
# The project is mounted at /project, or lies in the working folder.
[ ! -d /project ] || cd /project
