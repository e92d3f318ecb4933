package main

import (
	"context"
	"fmt"

	pannier "github.com/pannier/pannier/client/go"
)

// calls are a scenario's calls, made through the client's public interface.
type calls struct {
	store *pannier.Store
	stage *control
}

// call makes a call and returns its result, or whatever error the client returned.
func (c calls) call(ctx context.Context, name string, args object) (object, error) {
	read, err := readArguments(args)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errScenario, err)
	}
	known, ok := map[string]func(context.Context, arguments) (object, error){
		"key": c.key, "prefix": c.prefix, "get": c.get, "put": c.put, "put_if_version": c.putIfVersion,
		"create": c.create, "update": c.update, "delete": c.delete, "list": c.list,
		"list_pages": c.listPages, "cleanup_expired": c.cleanupExpired, "close": c.close,
	}[name]
	if !ok {
		return nil, fmt.Errorf("%w: there is no call %q", errScenario, name)
	}
	return known(ctx, read)
}

func (c calls) key(_ context.Context, args arguments) (object, error) {
	key, err := pannier.Key(args.Owner, args.Name)
	return object{"key": key}, err
}

func (c calls) prefix(_ context.Context, args arguments) (object, error) {
	prefix, err := pannier.Prefix(args.Owner, args.NameStart)
	return object{"prefix": prefix}, err
}

func (c calls) get(ctx context.Context, args arguments) (object, error) {
	options, err := args.get()
	if err != nil {
		return nil, err
	}
	record, err := c.store.Get(ctx, args.Key, options...)
	return recordJSON(record), err
}

func (c calls) put(ctx context.Context, args arguments) (object, error) {
	data, err := readData(args.Data)
	if err != nil {
		return nil, err
	}
	written, err := c.store.Put(ctx, args.Key, data, args.put()...)
	return writtenJSON(written), err
}

func (c calls) putIfVersion(ctx context.Context, args arguments) (object, error) {
	data, err := readData(args.Data)
	if err != nil {
		return nil, err
	}
	if args.ExpectedVersion == nil {
		return nil, fmt.Errorf("%w: put_if_version without expected_version", errScenario)
	}
	written, err := c.store.PutIfVersion(ctx, args.Key, data, uint64(*args.ExpectedVersion), args.putIfVersion()...)
	return writtenJSON(written), err
}

func (c calls) create(ctx context.Context, args arguments) (object, error) {
	data, err := readData(args.Data)
	if err != nil {
		return nil, err
	}
	written, err := c.store.Create(ctx, args.Key, data, args.put()...)
	return writtenJSON(written), err
}

func (c calls) update(ctx context.Context, args arguments) (object, error) {
	changes := 0
	change := func(data []byte) ([]byte, error) {
		changes++
		if changes == 1 && args.OnFirstChange != nil {
			if _, err := c.stage.do(args.OnFirstChange); err != nil {
				return nil, err
			}
		}
		return args.Change.of(data)
	}
	record, err := c.store.Update(ctx, args.Key, change, args.update()...)
	result := recordJSON(record)
	result["changes"] = changes
	return result, err
}

func (c calls) delete(ctx context.Context, args arguments) (object, error) {
	deleted, err := c.store.Delete(ctx, args.Key, args.delete()...)
	return object{"deleted": deleted}, err
}

func (c calls) list(ctx context.Context, args arguments) (object, error) {
	pageOptions, err := args.listPages()
	if err != nil {
		return nil, err
	}
	var options []pannier.ListOption
	for _, option := range pageOptions {
		options = append(options, option)
	}
	records, unreadable := array{}, array{}
	if args.NameUnreadable {
		options = append(options, pannier.WithUnreadable(func(row pannier.Unreadable) {
			unreadable = append(unreadable, unreadableJSON(row))
		}))
	}
	for record, err := range c.store.List(ctx, args.Prefix, options...) {
		if err != nil {
			return nil, err
		}
		records = append(records, recordJSON(record))
		if len(records) == 1 && args.OnFirstRecord != nil {
			if _, err := c.stage.do(args.OnFirstRecord); err != nil {
				return nil, err
			}
		}
		if args.Take != nil && len(records) == *args.Take {
			break
		}
	}
	return object{"records": records, "unreadable": unreadable}, nil
}

func (c calls) listPages(ctx context.Context, args arguments) (object, error) {
	options, err := args.listPages()
	if err != nil {
		return nil, err
	}
	pages := array{}
	for page, err := range c.store.ListPages(ctx, args.Prefix, options...) {
		if err != nil {
			return nil, err
		}
		pages = append(pages, pageJSON(page))
	}
	return object{"pages": pages}, nil
}

func (c calls) cleanupExpired(ctx context.Context, args arguments) (object, error) {
	result, err := c.store.CleanupExpired(ctx, args.Prefix, args.cleanup()...)
	return object{"removed": result.Removed, "more": result.More}, err
}

func (c calls) close(context.Context, arguments) (object, error) { return object{}, c.store.Close() }
