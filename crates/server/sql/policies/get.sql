SELECT text FROM policies WHERE digest = $1
