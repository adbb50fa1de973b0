{{/* The pod of a server. */}}

{{- define "paracle-cache.podSpec" -}}
serviceAccountName: {{ include "paracle-cache.serviceAccountName" . }}
automountServiceAccountToken: {{ .Values.serviceAccount.automount }}
# Variables of every Service around would be given to the server, some of them named like settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "paracle-cache.terminationGracePeriodSeconds" . }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "paracle-cache.hostAliases" . }}
hostAliases:
  {{- . | nindent 2 }}
{{- end }}
{{- range $name := list "priorityClassName" "runtimeClassName" "nodeSelector" "tolerations" "affinity" "initContainers" }}
{{- with get $.Values $name }}
{{ $name }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
topologySpreadConstraints:
  {{- include "paracle-cache.topologySpread" . | nindent 2 }}
containers:
  - {{ include "paracle-cache.container" . | nindent 4 | trim }}
  {{- with .Values.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with include "paracle-cache.volumes" . | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "paracle-cache.container" -}}
name: paracle-cache
image: {{ include "paracle-cache.image" (list . .Values.image .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [paracle-cache-server]
{{- with .Values.extraArgs }}
args:
  {{- toYaml . | nindent 2 }}
{{- end }}
envFrom:
  - configMapRef: {name: {{ include "paracle-cache.fullname" . }}}
  {{- with .Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  {{- include "paracle-cache.env" . | trim | nindent 2 }}
ports:
  - {name: grpc, containerPort: 50051, protocol: TCP}
  {{- if .Values.metrics.enabled }}
  - {name: metrics, containerPort: {{ int64 .Values.metrics.port }}, protocol: TCP}
  {{- end }}
{{- include "paracle-cache.probes" . }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- with include "paracle-cache.volumeMounts" . | trim }}
volumeMounts:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Probes reach this very pod under the name that its certificate has. */}}
{{- define "paracle-cache.hostAliases" -}}
{{- if and .Values.tls.enabled (ne .Values.tls.serverName "localhost") }}
- ip: 127.0.0.1
  hostnames: [{{ .Values.tls.serverName | quote }}]
{{- end }}
{{- with .Values.hostAliases }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "paracle-cache.topologySpread" -}}
{{- if .Values.topologySpreadConstraints -}}
{{- toYaml .Values.topologySpreadConstraints -}}
{{- else -}}
{{- range $i, $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
{{- if $i }}{{ "\n" }}{{ end -}}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "paracle-cache.selectorLabels" $ | nindent 6 }}
{{- end }}
{{- end -}}
{{- end -}}
