# shellcheck shell=bash
# Sourced: a private CA and an nginx that serves a folder over HTTPS on loopback.
#
#	https_start WORK WWW    makes WORK/ca.crt, serves WWW, sets https_url and https_port
#	http_start WORK WWW     the same without TLS, for clients of tests/interop; sets http_url
#	https_stop              ends that server, and waits for it

https_pid=
https_plain=
PATH=$PATH:/usr/sbin

https_make_ca() { # WORK [NAME]: ca.crt signs server.crt, which is for DNS:localhost or that
	local w=$1 name=${2:-DNS:localhost}
	openssl ecparam -name prime256v1 -genkey -noout -out "$w/ca.key"
	openssl req -x509 -new -key "$w/ca.key" -sha256 -days 30 -subj "/CN=Rill demo CA" -out "$w/ca.crt" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
	openssl ecparam -name prime256v1 -genkey -noout -out "$w/server.key"
	openssl req -new -key "$w/server.key" -subj /CN=localhost -out "$w/server.csr"
	printf '%s\n' basicConstraints=CA:FALSE keyUsage=critical,digitalSignature \
		extendedKeyUsage=serverAuth subjectAltName="$name" >"$w/server.ext"
	openssl x509 -req -in "$w/server.csr" -CA "$w/ca.crt" -CAkey "$w/ca.key" -CAcreateserial -sha256 \
		-days 30 -extfile "$w/server.ext" -out "$w/server.crt" 2>"$w/openssl.log"
}

# Puts an intermediate authority between them, and into the certificates what public authorities write there.
https_make_chain() { # WORK
	local w=$1 name
	name=$(sed -n 's/^subjectAltName=//p' "$w/server.ext")
	openssl ecparam -name prime256v1 -genkey -noout -out "$w/inner.key"
	openssl req -new -key "$w/inner.key" -subj "/C=US/O=Rill demo/CN=R1" -out "$w/inner.csr"
	https_sign "$w" inner ca "basicConstraints=critical,CA:TRUE,pathlen:0" \
		"keyUsage=critical,digitalSignature,keyCertSign,cRLSign"
	https_sign "$w" server inner basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
		"subjectAltName=$name"
	cat "$w/inner.crt" >>"$w/server.crt"
}
https_sign() { # WORK NAME ISSUER EXTENSION...
	local w=$1 name=$2 issuer=$3
	shift 3
	printf '%s\n' "$@" extendedKeyUsage=serverAuth,clientAuth subjectKeyIdentifier=hash \
		authorityKeyIdentifier=keyid "authorityInfoAccess=caIssuers;URI:http://$issuer.i.example.org/" \
		certificatePolicies=2.23.140.1.2.1 "crlDistributionPoints=URI:http://$issuer.c.example.org/1.crl" >"$w/$name.ext"
	openssl x509 -req -in "$w/$name.csr" -CA "$w/$issuer.crt" -CAkey "$w/$issuer.key" -CAcreateserial -sha256 \
		-days 30 -extfile "$w/$name.ext" -out "$w/$name.crt" 2>"$w/openssl.log"
}

https_config() { # WORK WWW PORT
	local w=$1 user=
	if [ "$(id -u)" = 0 ]; then user="user root;"; fi
	cat >"$w/nginx.conf" <<-CONF
		$user
		daemon off;
		worker_processes 1;
		pid $w/nginx.pid;
		error_log $w/error.log;
		events { worker_connections 64; }
		http {
			access_log $w/access.log;
			types { application/json json; }
			default_type application/octet-stream;
			client_body_temp_path $w/t1; proxy_temp_path $w/t2; fastcgi_temp_path $w/t3;
			uwsgi_temp_path $w/t4; scgi_temp_path $w/t5;
			$(https_server "$@")
		}
	CONF
}

https_server() { # WORK WWW PORT
	if [ -n "$https_plain" ]; then
		echo "server { listen 127.0.0.1:$3; root $2; }"
		return
	fi
	echo "ssl_certificate $1/server.crt; ssl_certificate_key $1/server.key; ssl_protocols TLSv1.2 TLSv1.3;"
	echo "server { listen 127.0.0.1:$3 ssl; root $2; }"
}

https_is_up() { # PORT
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

https_start() { # WORK WWW
	local w=$1 n
	mkdir -p "$w"
	[ -n "$https_plain" ] || [ -s "$w/server.crt" ] || https_make_ca "$w"
	for _ in 1 2 3 4 5 6 7 8; do
		https_port=$((20000 + RANDOM % 40000))
		https_is_up $https_port && continue
		https_config "$w" "$2" $https_port
		nginx -e "$w/error.log" -p "$w" -c "$w/nginx.conf" &
		https_pid=$!
		for ((n = 0; n < 100; n++)); do
			if https_is_up $https_port; then
				# shellcheck disable=SC2034  # for the caller
				https_url=https://localhost:$https_port/
				return 0
			fi
			kill -0 $https_pid 2>/dev/null || break
			sleep 0.05
		done
		https_stop
	done
	echo "nginx does not start: $(tail -n 3 "$w/error.log")" >&2
	return 1
}

http_start() { # WORK WWW
	https_plain=yes
	https_start "$@"
	# shellcheck disable=SC2034  # for the caller
	http_url=http://127.0.0.1:$https_port/
}

https_stop() {
	[ -n "$https_pid" ] || return 0
	kill "$https_pid" 2>/dev/null || true
	wait "$https_pid" 2>/dev/null || true
	https_pid=
}
