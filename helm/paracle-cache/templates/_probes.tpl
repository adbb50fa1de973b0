{{/* Kubernetes' own gRPC probe speaks no TLS; then the CLI asks the same question from inside. */}}

{{/* (list $ GIVEN DEFAULTS): a probe of the values in place of the chart's own; nothing when it is switched off. */}}
{{- define "paracle-cache.probe" -}}
{{- $root := index . 0 -}}
{{- $given := index . 1 -}}
{{- if not (dig "enabled" true $given) -}}
{{- else if omit $given "enabled" -}}
{{- toYaml (omit $given "enabled") -}}
{{- else -}}
{{- if $root.Values.tls.enabled -}}
exec:
  command: [paracle, cache, health, --serving, --timeout, 3s]
timeoutSeconds: 5
{{- else -}}
grpc:
  port: 50051
  service: paracle.cache.v1.CacheService
timeoutSeconds: 3
{{- end }}
{{ toYaml (index . 2) }}
{{- end -}}
{{- end -}}

{{- define "paracle-cache.probes" -}}
{{- $defaults := dict
  "startupProbe" (dict "periodSeconds" 2 "failureThreshold" 30)
  "readinessProbe" (dict "periodSeconds" 5 "failureThreshold" 3)
  "livenessProbe" (dict "periodSeconds" 10 "failureThreshold" 6) -}}
{{- $root := . -}}
{{- range $name, $default := $defaults }}
{{- with include "paracle-cache.probe" (list $root (get $root.Values $name) $default) }}
{{ $name }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
