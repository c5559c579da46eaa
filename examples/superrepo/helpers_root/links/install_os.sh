# Stands for apt-get: the packages of a list, and who the programs of the image run as.
#   install_os.sh LIST POOL ROOT
set -eu
while read -r package; do
  case $package in '' | '#'*) continue ;; esac
  cp -R "$2/$package/." "$3/"
done < "$1"
mkdir -p "$3/etc" "$3/app"
echo 'app:x:1000:1000:app:/app:/bin/sh' > "$3/etc/passwd"
echo 'app:x:1000:' > "$3/etc/group"
