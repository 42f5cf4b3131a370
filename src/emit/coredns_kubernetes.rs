//! The CoreDNS of a Kubernetes cluster.
//!
//! Source: kubernetes.io, "Customizing DNS Service"; the object `coredns-custom` is read by the CoreDNS of K3s and of AKS.

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, coredns};

/// The CoreDNS of a Kubernetes cluster.
pub(super) const TARGET: Target = Target {
    name: "coredns-kubernetes",
    title: "CoreDNS of Kubernetes",
    versions: "K3s and AKS as it is; other clusters with CoreDNS as said below",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: coredns::MODES,
        cannot: coredns::CANNOT,
        ask: "kubectl run lanward-dig --rm -i --restart=Never --image=registry.k8s.io/e2e-test-images/agnhost:2.39 --command -- dig +short",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut text = String::from(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns-custom\n  namespace: kube-system\ndata:\n  lanward.server: |\n",
    );
    for line in coredns::blocks(plan, mode)?.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    let place = "lanward-coredns.yaml";
    let reload = "kubectl apply -f lanward-coredns.yaml && kubectl -n kube-system rollout restart deployment coredns";
    let mut snippet = Snippet::new(reload)
        .checked_by("kubectl apply --dry-run=server -f lanward-coredns.yaml")
        .with(Part::file("configmap", place, Comment::Hash, text));
    snippet.note(
        "Where CoreDNS does not read coredns-custom (kubeadm, kind, minikube): kubectl -n kube-system edit configmap coredns, and put the blocks below \
         lanward.server behind the block .:53 of the Corefile there.",
    );
    coredns::remarks(&mut snippet, mode);
    Ok(snippet)
}
