{{/* Secrets are mounted as folders: a file mounted alone would never be renewed. */}}

{{/* NAME: SECRET, of what the values ask for. */}}
{{- define "paracle-cache.secretVolumes" -}}
{{- $fullname := include "paracle-cache.fullname" . -}}
{{- with .Values.tls }}
{{- if .enabled }}
{{- $tls := ternary (printf "%s-tls" $fullname) .existingSecret .certManager.enabled }}
tls: {{ $tls | quote }}
{{- if .clientCA.enabled }}
client-ca: {{ default $tls .clientCA.existingSecret | quote }}
{{- with .probeSecret }}
probe-tls: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.auth.enabled }}
auth: {{ default $fullname .Values.auth.existingSecret | quote }}
{{- end }}
{{- if .Values.encryption.enabled }}
encryption: {{ .Values.encryption.existingSecret | quote }}
{{- end }}
{{- with .Values.externalRedis }}
{{- if and .enabled .tls.enabled .tls.existingSecret }}
redis-tls: {{ .tls.existingSecret | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The folder of the chart's own secret shows the tokens alone; it may hold the URL of Redis too. */}}
{{- define "paracle-cache.volumes" -}}
{{- $own := and .Values.auth.enabled (not .Values.auth.existingSecret) -}}
{{- $tokens := .Values.auth.existingSecretKey -}}
{{- range $name, $secret := include "paracle-cache.secretVolumes" . | fromYaml }}
- name: {{ $name }}
  secret:
    secretName: {{ $secret | quote }}
    defaultMode: 0440
    {{- if and (eq $name "auth") $own }}
    items: [{key: {{ $tokens | quote }}, path: {{ $tokens | quote }}}]
    {{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "paracle-cache.volumeMounts" -}}
{{- range $name, $secret := include "paracle-cache.secretVolumes" . | fromYaml }}
- {name: {{ $name }}, mountPath: /etc/paracle-cache/{{ $name }}, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
