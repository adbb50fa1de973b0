{{/* What the server and the CLI beside it are told: settings without secrets for the ConfigMap, the rest as variables. */}}

{{- define "paracle-cache.settings" -}}
PARACLE_CACHE_LISTEN: {{ printf "%s:50051" .Values.bindAddress | quote }}
PARACLE_CACHE_BACKEND: {{ include "paracle-cache.backend" . | quote }}
{{- $redisSecret := include "paracle-cache.redisSecretKind" . }}
{{- if and (ne (include "paracle-cache.backend" .) "memory") (ne $redisSecret "url") }}
PARACLE_CACHE_REDIS_URL: {{ include "paracle-cache.redisUrl" . | quote }}
{{- if and $redisSecret .Values.externalRedis.username }}
PARACLE_CACHE_REDIS_USER: {{ .Values.externalRedis.username | quote }}
{{- end }}
{{- end }}
{{- with .Values.externalRedis }}
{{- if and .enabled .tls.enabled .tls.existingSecret }}
{{- with .tls.caKey }}
PARACLE_CACHE_REDIS_CACERT: {{ printf "/etc/paracle-cache/redis-tls/%s" . | quote }}
{{- end }}
{{- with .tls.certKey }}
PARACLE_CACHE_REDIS_CERT: {{ printf "/etc/paracle-cache/redis-tls/%s" . | quote }}
{{- end }}
{{- with .tls.keyKey }}
PARACLE_CACHE_REDIS_KEY: {{ printf "/etc/paracle-cache/redis-tls/%s" . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with include "paracle-cache.maxBytes" . }}
PARACLE_CACHE_MAX_BYTES: {{ . | quote }}
{{- end }}
PARACLE_CACHE_ADMIN_LISTEN: {{ ternary (printf "%s:%v" .Values.bindAddress (int64 .Values.metrics.port)) "off" .Values.metrics.enabled | quote }}
{{- if .Values.allowInsecure }}
PARACLE_CACHE_ALLOW_INSECURE: "true"
{{- end }}
{{- if .Values.tls.enabled }}
PARACLE_CACHE_TLS_CERT: /etc/paracle-cache/tls/tls.crt
PARACLE_CACHE_TLS_KEY: /etc/paracle-cache/tls/tls.key
{{- if .Values.tls.clientCA.enabled }}
PARACLE_CACHE_TLS_CLIENT_CA: {{ printf "/etc/paracle-cache/client-ca/%s" .Values.tls.clientCA.key | quote }}
{{- end }}
{{- end }}
{{- if .Values.auth.enabled }}
PARACLE_CACHE_TOKENS_FILE: {{ printf "/etc/paracle-cache/auth/%s" .Values.auth.existingSecretKey | quote }}
{{- end }}
{{- if .Values.encryption.enabled }}
PARACLE_CACHE_ENCRYPTION_KEYS_FILE: {{ printf "/etc/paracle-cache/encryption/%s" .Values.encryption.existingSecretKey | quote }}
{{- end }}
{{- range $name, $value := omit .Values.config "maxBytes" }}
PARACLE_CACHE_{{ $name | snakecase | upper }}: {{ include "paracle-cache.text" $value | quote }}
{{- end }}
{{- end -}}

{{/* A probe through the CLI, and `kubectl exec ... paracle cache stats`, need no flags. */}}
{{- define "paracle-cache.clientEnv" -}}
- name: PARACLE_CACHE_ENDPOINT
  value: {{ printf "%s:50051" (ternary .Values.tls.serverName "localhost" .Values.tls.enabled) | quote }}
{{- include "paracle-cache.clientTlsEnv" . }}
{{- end -}}

{{/* The certificate is its own proof: not every secret has the CA beside it. */}}
{{- define "paracle-cache.clientTlsEnv" -}}
{{- if .Values.tls.enabled }}
- name: PARACLE_CACHE_CACERT
  value: /etc/paracle-cache/tls/tls.crt
{{- if .Values.tls.clientCA.enabled }}
- name: PARACLE_CACHE_CERT
  value: {{ include "paracle-cache.probeTlsFolder" . }}/tls.crt
- name: PARACLE_CACHE_KEY
  value: {{ include "paracle-cache.probeTlsFolder" . }}/tls.key
{{- end }}
{{- end }}
{{- end -}}

{{- define "paracle-cache.probeTlsFolder" -}}
/etc/paracle-cache/{{ ternary "probe-tls" "tls" (ne .Values.tls.probeSecret "") }}
{{- end -}}

{{- define "paracle-cache.env" -}}
{{ include "paracle-cache.clientEnv" . }}
{{- $redis := .Values.externalRedis -}}
{{- $kind := include "paracle-cache.redisSecretKind" . -}}
{{- if eq $kind "url" }}
- name: PARACLE_CACHE_REDIS_URL
  valueFrom:
    secretKeyRef: {name: {{ $redis.existingSecret | quote }}, key: {{ $redis.existingSecretUrlKey | quote }}}
{{- else if $kind }}
- name: PARACLE_CACHE_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ ternary $redis.existingSecret (include "paracle-cache.fullname" .) (eq $kind "password") | quote }}
      key: {{ ternary $redis.existingSecretPasswordKey "redis-password" (eq $kind "password") | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
