// Repositories over https and ssh. Only the files of one commit are wanted, so no working tree of the library is used: its
// entries go the same way as those of an archive. There are no hooks, no configuration and no helper programs in it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"golang.org/x/net/proxy"
)

const (
	maxSubmoduleDepth = 4
	maxSubmodules     = 64
	maxGitModules     = 256 * 1024
	// checkedScheme names our own dialer to the ssh transport, which takes one only as a kind of proxy.
	checkedScheme = "nomad-bridge-checked"
	wantedRef     = plumbing.ReferenceName("refs/nomad-bridge/wanted")
)

var (
	commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)
	shortHash  = regexp.MustCompile(`^[0-9a-f]{4,40}$`)
	refName    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+@#\-]*$`)
)

// gitSession is one artifact's repositories: the one that is named, and its submodules.
type gitSession struct {
	fetcher *fetcher
	from    source
	// scratch is a private directory for packs and known hosts.
	scratch    string
	submodules int
	count      int
}

// repository is one of them: where it is, and what of it is wanted.
type repository struct {
	url *url.URL
	ref string
	// prefix is where its files go in the tree.
	prefix string
	depth  int
}

func (f *fetcher) fetchGit(ctx context.Context, from source, scratch string, into *tree) error {
	if depth := from.options["depth"]; depth != "" {
		if count, err := strconv.Atoi(depth); err != nil || count < 1 {
			return fmt.Errorf("the option depth is %q; it must be a number above 0", depth)
		}
	}
	ref := from.options["ref"]
	if ref != "" && (!refName.MatchString(ref) || strings.Contains(ref, "..")) {
		return fmt.Errorf("the option ref is %q, which is not a branch, a tag or a commit", ref)
	}
	f.useOnlyCheckedConnections()
	session := &gitSession{fetcher: f, from: from, scratch: scratch}
	return session.fetch(ctx, repository{url: from.url, ref: ref}, into)
}

// useOnlyCheckedConnections leaves the library no transport but these two, and those no way out but ours.
func (f *fetcher) useOnlyCheckedConnections() {
	https := githttp.NewClient(newHTTPClient(f.out, f.job.Artifact.Insecure, nil))
	client.InstallProtocol("http", https)
	client.InstallProtocol("https", https)
	client.InstallProtocol("git", nil)
	client.InstallProtocol("file", nil)
	gitssh.DefaultSSHConfig = nil
	proxy.RegisterDialerType(checkedScheme, func(*url.URL, proxy.Dialer) (proxy.Dialer, error) { return checkedDialer{f.out}, nil })
}

type checkedDialer struct{ out *network }

func (d checkedDialer) Dial(protocol, address string) (net.Conn, error) {
	return d.out.dial(context.Background(), protocol, address)
}

func (d checkedDialer) DialContext(ctx context.Context, protocol, address string) (net.Conn, error) {
	return d.out.dial(ctx, protocol, address)
}

func (s *gitSession) fetch(ctx context.Context, wanted repository, into *tree) error {
	auth, err := s.auth(wanted.url)
	if err != nil {
		return err
	}
	s.count++
	storage := filesystem.NewStorage(osfs.New(path.Join(s.scratch, fmt.Sprintf("git-%d", s.count))), cache.NewObjectLRUDefault())
	plain := *wanted.url
	if plain.Scheme != "ssh" {
		plain.User = nil
	}
	remote := &remoteRepository{auth: auth, storage: storage}
	if plain.Scheme == "ssh" {
		remote.dialer = transport.ProxyOptions{URL: checkedScheme + "://connect"}
	}
	if remote.opened, err = git.Init(storage, nil); err != nil {
		return err
	}
	remote.remote = git.NewRemote(storage, &config.RemoteConfig{Name: "origin", URLs: []string{plain.String()}})
	commit, err := remote.fetch(ctx, wanted.ref)
	if err != nil {
		return withoutURL(err)
	}
	return s.write(ctx, wanted, commit, into)
}

// remoteRepository fetches one commit into a storage of its own.
type remoteRepository struct {
	remote  *git.Remote
	auth    transport.AuthMethod
	storage *filesystem.Storage
	opened  *git.Repository
	dialer  transport.ProxyOptions
}

func (r *remoteRepository) fetch(ctx context.Context, ref string) (*object.Commit, error) {
	refs, err := r.remote.ListContext(ctx, &git.ListOptions{Auth: r.auth, ProxyOptions: r.dialer})
	if err != nil {
		return nil, err
	}
	if name, ok := findRef(refs, ref); ok {
		return r.fetchRef(ctx, name.String())
	}
	if commitHash.MatchString(ref) {
		if commit, err := r.fetchRef(ctx, ref); err == nil {
			return commit, nil
		}
	}
	if !shortHash.MatchString(ref) {
		return nil, fmt.Errorf("the repository has no branch or tag %q", ref)
	}
	// A server that gives no single commits gives all of them.
	if err := r.get(ctx, 0, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"); err != nil {
		return nil, err
	}
	hash, err := r.opened.ResolveRevision(plumbing.Revision(ref))
	if err != nil {
		return nil, fmt.Errorf("the repository has no branch, tag or commit %q", ref)
	}
	return r.commit(*hash)
}

func (r *remoteRepository) fetchRef(ctx context.Context, name string) (*object.Commit, error) {
	if err := r.get(ctx, 1, config.RefSpec(fmt.Sprintf("+%s:%s", name, wantedRef))); err != nil {
		return nil, err
	}
	found, err := r.storage.Reference(wantedRef)
	if err != nil {
		return nil, err
	}
	return r.commit(found.Hash())
}

func (r *remoteRepository) get(ctx context.Context, depth int, specs ...config.RefSpec) error {
	return r.remote.FetchContext(ctx, &git.FetchOptions{
		Auth: r.auth, RefSpecs: specs, Depth: depth, Tags: git.NoTags, ProxyOptions: r.dialer,
	})
}

func (r *remoteRepository) commit(hash plumbing.Hash) (*object.Commit, error) {
	if commit, err := object.GetCommit(r.storage, hash); err == nil {
		return commit, nil
	}
	tag, err := object.GetTag(r.storage, hash)
	if err != nil {
		return nil, errors.New("what the ref names is not a commit")
	}
	return tag.Commit()
}

// findRef: a branch, then a tag, then a full name; nothing at all is what HEAD leads to.
func findRef(refs []*plumbing.Reference, ref string) (plumbing.ReferenceName, bool) {
	names := map[plumbing.ReferenceName]*plumbing.Reference{}
	for _, candidate := range refs {
		names[candidate.Name()] = candidate
	}
	if ref == "" {
		head, ok := names[plumbing.HEAD]
		if ok && head.Type() == plumbing.SymbolicReference {
			return head.Target(), true
		}
		return plumbing.HEAD, ok
	}
	for _, name := range []plumbing.ReferenceName{plumbing.NewBranchReferenceName(ref), plumbing.NewTagReferenceName(ref), plumbing.ReferenceName(ref)} {
		if _, ok := names[name]; ok {
			return name, true
		}
	}
	return "", false
}

// write puts the files of the commit into the tree, and those of its submodules.
func (s *gitSession) write(ctx context.Context, wanted repository, commit *object.Commit, into *tree) error {
	files, err := commit.Tree()
	if err != nil {
		return err
	}
	walker := object.NewTreeWalker(files, true, nil)
	defer walker.Close()
	var modules []string
	hashes := map[string]string{}
	for {
		name, entry, err := walker.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if entry.Mode == filemode.Submodule {
			modules = append(modules, name)
			hashes[name] = entry.Hash.String()
			continue
		}
		if err := writeGitEntry(files, path.Join(wanted.prefix, name), entry, into); err != nil {
			return err
		}
	}
	if len(modules) > 0 {
		return s.fetchSubmodules(ctx, wanted, files, hashes, into)
	}
	return nil
}

func writeGitEntry(files *object.Tree, name string, entry object.TreeEntry, into *tree) error {
	if entry.Mode == filemode.Dir {
		return into.directory(name, 0o755)
	}
	file, err := files.TreeEntryFile(&entry)
	if err != nil {
		return err
	}
	content, err := file.Reader()
	if err != nil {
		return err
	}
	defer content.Close()
	switch entry.Mode {
	case filemode.Regular, filemode.Deprecated:
		return into.file(name, 0o644, file.Size, content)
	case filemode.Executable:
		return into.file(name, 0o755, file.Size, content)
	case filemode.Symlink:
		target, err := io.ReadAll(io.LimitReader(content, maxLinkBytes+1))
		if err != nil {
			return err
		}
		return into.symlink(name, string(target))
	}
	return fmt.Errorf("the entry %q of the repository has the mode %s", name, entry.Mode)
}

func (s *gitSession) fetchSubmodules(ctx context.Context, parent repository, files *object.Tree, hashes map[string]string, into *tree) error {
	if parent.depth >= maxSubmoduleDepth {
		return fmt.Errorf("the repository has submodules in submodules, more than %d deep", maxSubmoduleDepth)
	}
	declared, err := readGitModules(files)
	if err != nil {
		return err
	}
	for _, module := range declared.Submodules {
		hash, ok := hashes[path.Clean(module.Path)]
		if !ok {
			continue
		}
		if s.submodules++; s.submodules > maxSubmodules {
			return fmt.Errorf("the repository has more than %d submodules", maxSubmodules)
		}
		address, err := submoduleURL(parent.url, module.URL)
		if err != nil {
			return fmt.Errorf("the submodule %q: %w", module.Path, err)
		}
		child := repository{url: address, ref: hash, prefix: path.Join(parent.prefix, module.Path), depth: parent.depth + 1}
		if err := s.fetch(ctx, child, into); err != nil {
			return fmt.Errorf("the submodule %q: %w", module.Path, err)
		}
	}
	return nil
}

func readGitModules(files *object.Tree) (*config.Modules, error) {
	modules := config.NewModules()
	file, err := files.File(".gitmodules")
	if err != nil {
		return modules, nil
	}
	if file.Size > maxGitModules || file.Mode != filemode.Regular {
		return nil, errors.New("the repository's .gitmodules is not a small file")
	}
	text, err := file.Contents()
	if err != nil {
		return nil, err
	}
	return modules, modules.Unmarshal([]byte(text))
}

// submoduleURL allows what a source may be, and no step down from TLS.
func submoduleURL(parent *url.URL, text string) (*url.URL, error) {
	if strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../") {
		address := *parent
		address.Path = path.Join(parent.Path, text)
		address.RawPath, address.RawQuery = "", ""
		return &address, nil
	}
	found, err := parseSource("git::"+text, nil)
	if err != nil {
		return nil, err
	}
	if found.subdirectory != "" || found.url.Scheme == "http" && parent.Scheme != "http" {
		return nil, errors.New("its address is not allowed")
	}
	return found.url, nil
}
