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
    // A key for each mode, which a manager of its own keeps: to `kubectl apply` alone, keys that an earlier file had and this one
    // has not are keys to remove, whoever they belong to.
    let mut text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns-custom\n  namespace: kube-system\ndata:\n  lanward-{mode}.server: |\n"
    );
    for line in coredns::blocks(plan, mode)?.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    let (reload, check) = match mode {
        Mode::Static => (
            "kubectl apply --server-side --field-manager=lanward-static -f lanward-coredns-static.yaml && kubectl -n kube-system rollout restart \
             deployment coredns",
            "kubectl apply --server-side --field-manager=lanward-static --dry-run=server -f lanward-coredns-static.yaml",
        ),
        Mode::Forward | Mode::Allow | Mode::Protect => (
            "kubectl apply --server-side --field-manager=lanward-forward -f lanward-coredns-forward.yaml && kubectl -n kube-system rollout restart \
             deployment coredns",
            "kubectl apply --server-side --field-manager=lanward-forward --dry-run=server -f lanward-coredns-forward.yaml",
        ),
    };
    let place = format!("lanward-coredns-{mode}.yaml");
    let mut snippet = Snippet::new(reload).checked_by(check).with(Part::file(
        "configmap",
        place,
        Comment::Hash,
        text,
    ));
    snippet.note(format!(
        "Where CoreDNS does not read coredns-custom (kubeadm, kind, minikube): kubectl -n kube-system edit configmap coredns, and put the blocks below \
         lanward-{mode}.server behind the block .:53 of the Corefile there.",
    ));
    coredns::remarks(&mut snippet, mode);
    Ok(snippet)
}
