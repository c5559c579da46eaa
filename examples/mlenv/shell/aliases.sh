alias ll='ls -l'
alias exp='python3 -m pkg.exp'
