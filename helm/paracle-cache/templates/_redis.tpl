{{/* The shared tier: which, and its URL. */}}

{{- define "paracle-cache.backend" -}}
{{- if .Values.externalRedis.enabled -}}{{ .Values.externalRedis.kind }}
{{- else if .Values.valkey.enabled -}}valkey
{{- else -}}memory
{{- end -}}
{{- end -}}

{{/* Without user and password: those are settings of their own, as they are and not percent-encoded. */}}
{{- define "paracle-cache.redisUrl" -}}
{{- $redis := .Values.externalRedis -}}
{{- if not $redis.enabled -}}
redis://{{ include "paracle-cache.fullname" . }}-valkey:6379/0
{{- else -}}
{{- $variant := get (dict "standalone" "" "sentinel" "+sentinel" "cluster" "+cluster") $redis.mode -}}
{{- $path := int64 $redis.database | toString -}}
{{- if eq $redis.mode "sentinel" }}{{ $path = printf "%s/%s" $redis.sentinelMaster $path }}{{ end -}}
{{- $scheme := ternary "rediss" "redis" $redis.tls.enabled -}}
{{- printf "%s%s://%s/%s" $scheme $variant (join "," $redis.addresses) $path -}}
{{- end -}}
{{- end -}}

{{/* "url" (the secret has all of it), "password" (of an existing secret), "inline" (in the values), or "". */}}
{{- define "paracle-cache.redisSecretKind" -}}
{{- with .Values.externalRedis -}}
{{- if not .enabled -}}
{{- else if and .existingSecret .existingSecretUrlKey -}}url
{{- else if .existingSecret -}}password
{{- else if .password -}}inline
{{- end -}}
{{- end -}}
{{- end -}}
