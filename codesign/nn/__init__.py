from codesign.resources import users_networks

__path__.append(str(users_networks() / "nn"))
