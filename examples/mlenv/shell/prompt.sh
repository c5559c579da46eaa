PS1='\u@mlenv:\w\$ '
