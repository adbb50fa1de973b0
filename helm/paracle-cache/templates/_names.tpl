{{/* Names, labels and images. */}}

{{- define "paracle-cache.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 45 characters, so that "-prometheus-rule" and a Pod's suffix fit behind it. */}}
{{- define "paracle-cache.fullname" -}}
{{- $name := include "paracle-cache.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "paracle-cache.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "paracle-cache.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What a Deployment selects by can never be changed: nothing of the version, nothing of the user's. */}}
{{- define "paracle-cache.selectorLabels" -}}
app.kubernetes.io/name: {{ include "paracle-cache.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{/* metadata of an object: (list $ COMPONENT SUFFIX LABELS ANNOTATIONS). */}}
{{- define "paracle-cache.metadata" -}}
{{- $root := index . 0 -}}
{{- $suffix := index . 2 -}}
{{- $annotations := merge (dict) (index . 4) $root.Values.commonAnnotations -}}
name: {{ include "paracle-cache.fullname" $root }}{{ $suffix }}
labels:
  app.kubernetes.io/name: {{ include "paracle-cache.name" $root }}
  app.kubernetes.io/instance: {{ $root.Release.Name }}
  app.kubernetes.io/component: {{ index . 1 }}
  app.kubernetes.io/part-of: paracle-cache
  app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ $root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
  {{- with merge (dict) (index . 3) $root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* (list $ IMAGE DEFAULT_TAG): registry/repository:tag, or @digest. */}}
{{- define "paracle-cache.image" -}}
{{- $image := index . 1 -}}
{{- $registry := default $image.registry (index . 0).Values.global.imageRegistry -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default (index . 2) $image.tag }}{{ end -}}
{{- end -}}
