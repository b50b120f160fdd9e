{{- define "models-gateway.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for the name of a Service, with the suffix of the longest object. */}}
{{- define "models-gateway.fullname" -}}
{{- $name := include "models-gateway.name" . }}
{{- $release := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- .Values.fullnameOverride | default $release | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "models-gateway.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "models-gateway.fullname" .) "default") }}
{{- end }}

{{- define "models-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "models-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "models-gateway.commonLabels" -}}
app.kubernetes.io/part-of: models-gateway
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "models-gateway.labels" -}}
{{ include "models-gateway.selectorLabels" . }}
{{ include "models-gateway.commonLabels" . }}
{{- end }}

{{- define "models-gateway.image" -}}
{{- with .Values.image }}
{{- .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* What the restricted Pod Security Standard requires. */}}
{{- define "models-gateway.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "models-gateway.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The sources of all files, by the names of their variables without _FILE. */}}
{{- define "models-gateway.files" -}}
{{- $own := dict
  "GATEWAY_API_KEYS" .Values.gatewayKeys
  "MODELS_STATIC" .Values.staticModels
  "UPSTREAM_TLS_CA" .Values.tls.ca
  "UPSTREAM_TLS_CERT" .Values.tls.cert
  "UPSTREAM_TLS_KEY" .Values.tls.key
  "REDIS_URL" .Values.redis.url
  "REDIS_TLS_CA" .Values.redis.tls.ca
  "REDIS_TLS_CERT" .Values.redis.tls.cert
  "REDIS_TLS_KEY" .Values.redis.tls.key }}
{{- $files := dict }}
{{- range $name, $source := merge $own (deepCopy .Values.keys) }}
{{- if $source }}{{ $_ := set $files $name $source }}{{ end }}
{{- end }}
{{- toYaml $files }}
{{- end }}

{{/* The variables of the gateway. */}}
{{- define "models-gateway.settings" -}}
{{- $set := dict "PORT" 8000 "METRICS_PORT" 9090 "UPSTREAM_TIMEOUT_MS" (gt (len .Values.engines) 1 | ternary 2500 4500) }}
{{- if .Values.engines }}
{{- $names := list }}
{{- range .Values.engines }}
{{- $names = append $names .name }}
{{- $prefix := .name | upper | replace "-" "_" }}
{{- $_ := set $set (printf "%s_ENGINE" $prefix) .engine }}
{{- $_ := set $set (printf "%s_BASE_URL" $prefix) .baseUrl }}
{{- end }}
{{- $_ := set $set "MODEL_ENGINES" (join "," $names) }}
{{- else }}
{{- $_ := set $set "MAIN_MODEL_ENGINE" .Values.engine }}
{{- $_ := set $set "MAIN_MODEL_BASE_URL" .Values.baseUrl }}
{{- end }}
{{- $_ := set $set "HOST" .Values.host }}
{{- $_ := set $set "CACHE_TTL_SECONDS" (.Values.cache.ttlSeconds | default "") }}
{{- $_ := set $set "CACHE_STALE_SECONDS" (.Values.cache.staleSeconds | default "") }}
{{- $_ := set $set "HTTPS_PROXY" .Values.proxy.https }}
{{- $_ := set $set "HTTP_PROXY" .Values.proxy.http }}
{{- $_ := set $set "NO_PROXY" .Values.proxy.exceptions }}
{{- $_ := set $set "OTEL_EXPORTER_OTLP_ENDPOINT" .Values.otlp.endpoint }}
{{- range $name, $_ := include "models-gateway.files" . | fromYaml }}
{{- $_ := set $set (printf "%s_FILE" $name) (printf "/run/secrets/models-gateway/%s" $name) }}
{{- end }}
{{- range $name, $value := mergeOverwrite $set (deepCopy .Values.settings) }}
{{- /* Numbers of YAML are floats here, and toString would write 1e+07. */}}
{{- $text := kindIs "string" $value | ternary $value (toJson $value) }}
{{- if not (has $text (list "" "null")) }}
{{ $name }}: {{ $text | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* A rule for a server outside of the pod, from a dict with host and port. */}}
{{- define "models-gateway.egressRule" -}}
- ports:
    - port: {{ .port }}
      protocol: TCP
{{- if and .host (regexMatch "^[^.:\\[]+$" .host) }}
  to:
    - podSelector: {}
{{- else if regexMatch "^[^.]+\\.[^.]+\\.svc(\\.|$)" .host }}
  to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ index (splitList "." .host) 1 }}
{{- end }}
{{- end }}

{{/* The rules for provider, proxy, collector and Redis, as far as they do not use port 443. */}}
{{- define "models-gateway.egress" -}}
{{- $urls := list .Values.proxy.https .Values.proxy.http .Values.otlp.endpoint }}
{{- if .Values.engines }}
{{- range .Values.engines }}{{ $urls = append $urls .baseUrl }}{{ end }}
{{- else }}
{{- $urls = append $urls .Values.baseUrl }}
{{- end }}
{{- if .Values.redis.url }}{{ $urls = append $urls (printf "redis://%s:%v" .Values.redis.host .Values.redis.port) }}{{ end }}
{{- $rules := list }}
{{- range compact $urls }}
{{- $url := urlParse . }}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "https" | ternary "443" "80") }}
{{- $host := regexReplaceAll ":[0-9]+$" $url.host "" }}
{{- if ne $port "443" }}{{ $rules = append $rules (include "models-gateway.egressRule" (dict "host" $host "port" $port)) }}{{ end }}
{{- end }}
{{- join "\n" (uniq $rules) }}
{{- end }}
