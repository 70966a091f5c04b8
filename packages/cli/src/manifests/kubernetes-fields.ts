type KubernetesType =
  | 'Pod'
  | 'PodTemplateSpec'
  | 'ClusterTrustBundle'
  | 'ObjectMeta'
  | 'PodSpec'
  | 'Container'
  | 'EnvVar'
  | 'VolumeMount'
  | 'Volume'
  | 'ProjectedVolumeSource';

/**
 * The fields that Kubernetes 1.37 knows where local mode reads only some: what is in no list is misspelt or of a later
 * release, and an API server refuses it as `mayfly up` does. Compared with a real server's OpenAPI document in
 * `test/kubernetes`.
 */
export const kubernetesFields: Readonly<Record<KubernetesType, readonly string[]>> = {
  Pod: words('apiVersion kind metadata spec status'),
  PodTemplateSpec: words('metadata spec'),
  ClusterTrustBundle: words('apiVersion kind metadata spec'),
  ObjectMeta: words(`
    annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation labels
    managedFields name namespace ownerReferences resourceVersion selfLink uid`),
  PodSpec: words(`
    activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks
    ephemeralContainers evictionResponders hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride
    imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName
    readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates schedulingGroup
    securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain
    terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes`),
  Container: words(`
    args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy resources
    restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath
    terminationMessagePolicy tty volumeDevices volumeMounts workingDir`),
  EnvVar: words('name value valueFrom'),
  VolumeMount: words('bindMountOptions mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr'),
  Volume: words(`
    awsElasticBlockStore azureDisk azureFile cephfs cinder configMap csi downwardAPI emptyDir ephemeral fc flexVolume flocker
    gcePersistentDisk gitRepo glusterfs hostPath image iscsi name nfs persistentVolumeClaim photonPersistentDisk
    portworxVolume projected quobyte rbd scaleIO secret storageos vsphereVolume`),
  ProjectedVolumeSource: words('defaultMode defaultUser sources'),
};

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
