// One binary with the components of a Kubernetes control plane: the first argument names the one to run.
//
//	kube-apiserver              the API server; with --etcd-data-dir an etcd runs in the same process, and serves
//	                            --etcd-client-url
//	kube-controller-manager     the controller manager
package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		fail("which component? kube-apiserver, kube-controller-manager or etcd")
	}
	component := os.Args[1]
	os.Args = append([]string{component}, os.Args[2:]...)
	switch component {
	case "etcd":
		store := startEtcd(take("--data-dir="), take("--listen-client-url="))
		fail("etcd ended: %v", <-store.Err())
	case "kube-apiserver":
		if directory := take("--etcd-data-dir="); directory != "" {
			store := startEtcd(directory, take("--etcd-client-url="))
			defer store.Close()
			os.Args = append(os.Args, "--etcd-servers=http://"+store.Clients[0].Addr().String())
		}
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	default:
		fail("unknown component %q", component)
	}
}

// take removes the flag with this prefix from the arguments, for they go on to a component that does not know it.
func take(prefix string) string {
	for index, argument := range os.Args {
		if value, found := strings.CutPrefix(argument, prefix); found {
			os.Args = append(os.Args[:index:index], os.Args[index+1:]...)
			return value
		}
	}
	return ""
}

// startEtcd serves one member that keeps its data in the directory. Nothing is synced to the disk: a process that is
// killed loses nothing by that, only a machine that loses its power does.
func startEtcd(directory, client string) *embed.Etcd {
	config := embed.NewConfig()
	config.Dir = directory
	config.LogLevel = "warn"
	config.UnsafeNoFsync = true
	config.EnableGRPCGateway = true
	peer := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	listen, err := url.Parse(client)
	if err != nil {
		fail("Cannot read the address of etcd: %v", err)
	}
	config.ListenClientUrls = []url.URL{*listen}
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = []url.URL{peer}
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	store, err := embed.StartEtcd(config)
	if err != nil {
		fail("Cannot start etcd in %s: %v", directory, err)
	}
	select {
	case <-store.Server.ReadyNotify():
		return store
	case err := <-store.Err():
		fail("etcd ended: %v", err)
	case <-time.After(time.Minute):
		fail("etcd is not ready after a minute")
	}
	return nil
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}
